// The activation functions as their formulas stand in transformers' activations.py, with libm.
#include "CDogeKernels.h"
#include <math.h>

static float softplus(float x) { return x > 20.0f ? x : log1pf(expf(x)); }

static float clip(float x, float low, float high) { return x < low ? low : x > high ? high : x; }

static float gelu(float x) { return 0.5f * x * (1.0f + erff(x * 0.70710678f)); }

static float xielu(float x, ck_activation a) {
    if (x > 0.0f) return a.rising * x * x + a.beta * x;
    return (expm1f(x > a.limit ? a.limit : x) - x) * a.falling + a.beta * x;
}

float ck_activate(float x, ck_activation activation) {
    switch (activation.kind) {
    case CK_SILU: return x / (1.0f + expf(-x));
    case CK_GELU: return gelu(x);
    case CK_GELU_CLIPPED: return clip(gelu(x), -10.0f, 10.0f);
    // x/2 (1 + tanh u) = x / (1 + exp(-2u)), which loses no digits where tanh u is near -1.
    case CK_GELU_TANH: return x / (1.0f + expf(-1.5957691f * (x + 0.044715f * x * x * x)));
    case CK_QUICK_GELU: return x / (1.0f + expf(-1.702f * x));
    case CK_RELU: return x < 0.0f ? 0.0f : x;
    case CK_RELU_SQUARED: return x < 0.0f ? 0.0f : x * x;
    case CK_RELU6: return clip(x, 0.0f, 6.0f);
    case CK_LEAKY: return x < 0.0f ? activation.slope * x : x;
    case CK_LINEAR: return x;
    case CK_TANH: return tanhf(x);
    case CK_SIGMOID: return 1.0f / (1.0f + expf(-x));
    case CK_HARDSWISH: return x * clip(x + 3.0f, 0.0f, 6.0f) / 6.0f;
    case CK_MISH: return x * tanhf(softplus(x));
    case CK_LAPLACE: return 0.5f * (1.0f + erff((x - 0.707107f) / 0.39894257f));
    case CK_SQRT_SOFTPLUS: return sqrtf(softplus(x));
    case CK_XIELU: return xielu(x, activation);
    }
    return x;
}
