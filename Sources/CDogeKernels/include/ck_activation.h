// The activation functions of feed-forward layers.
#pragma once

#pragma clang assume_nonnull begin

/// Shapes of activation functions; softplus as torch has it: ln(1 + e^x), and x above 20.
typedef enum ck_activation_kind {
    CK_SILU,          // x / (1 + exp(-x))
    CK_GELU,          // x/2 * (1 + erf(x / sqrt 2))
    CK_GELU_CLIPPED,  // the same within -10 and 10
    CK_GELU_TANH,     // x/2 * (1 + tanh u), u = sqrt(2/pi) (x + 0.044715 x^3)
    CK_QUICK_GELU,    // x / (1 + exp(-1.702 x))
    CK_RELU,
    CK_RELU_SQUARED,
    CK_RELU6,         // within 0 and 6
    CK_LEAKY,         // x, below 0 times `slope`
    CK_LINEAR,
    CK_TANH,
    CK_SIGMOID,
    CK_HARDSWISH,     // x * relu6(x + 3) / 6
    CK_MISH,          // x * tanh(softplus(x))
    CK_LAPLACE,       // (1 + erf((x - 0.707107) / (0.282095 sqrt 2))) / 2
    CK_SQRT_SOFTPLUS,
    CK_XIELU,         // rising x^2 + beta x; up to 0: falling (expm1(min(x, limit)) - x) + beta x
} ck_activation_kind;

/// An activation function with the numbers that its kind asks for, a layer's own.
typedef struct ck_activation {
    ck_activation_kind kind;
    float slope;
    float rising, falling, beta, limit;
} ck_activation;

/// The function's value, one number at a time: the oracle of the vector forms.
float ck_activate(float x, ck_activation activation);

#pragma clang assume_nonnull end
