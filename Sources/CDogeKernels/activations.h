// The activation functions of a vector; see vector.h. activation.c is their oracle.
INLINE vf gelu_v(vf x) {
    return splat(0.5f) * x * (splat(1.0f) + erf_v(x * splat(0.70710678f)));
}

/// x / (1 + exp(-z)).
///
/// A division, though the processor's estimate (rcp14) and a step of Newton's take half its time:
/// the estimate's bits are each maker's own, and answers shall not depend on that. Measured on an
/// EPYC 9005: 0.64 ns for 16 numbers instead of 0.37; their products take 50 to 100 ns at a
/// hidden size of 256.
INLINE vf damped(vf x, vf z) { return x / (splat(1.0f) + exp_v(-z)); }

/// tanh(ln(1 + e)) = (e^2 + 2e) / (e^2 + 2e + 2) with e = e^x, which is 1 long before 30.
INLINE vf mish_v(vf x) {
    const vf e = exp_v(pick(x > splat(30.0f), splat(30.0f), x));
    const vf n = e * (e + splat(2.0f));
    return x * (n / (n + splat(2.0f)));
}

/// The rare kinds, a lane at a time.
INLINE vf activate_lanes(vf x, ck_activation activation) {
    float lanes[CK_WIDTH];
    store(lanes, x);
    for (size_t i = 0; i < CK_WIDTH; i++) lanes[i] = ck_activate(lanes[i], activation);
    return load(lanes);
}

INLINE vf activate_v(vf x, ck_activation activation) {
    const vf zero = splat(0.0f), one = splat(1.0f);
    switch (activation.kind) {
    case CK_SILU: return damped(x, x);
    case CK_GELU: return gelu_v(x);
    case CK_GELU_CLIPPED: return clip_v(gelu_v(x), -10.0f, 10.0f);
    case CK_GELU_TANH:
        return damped(x, fma_v(splat(0.044715f) * x * x, x, x) * splat(1.5957691f));
    case CK_QUICK_GELU: return damped(x, splat(1.702f) * x);
    case CK_RELU: return pick(x < zero, zero, x);
    case CK_RELU_SQUARED: return pick(x < zero, zero, x * x);
    case CK_RELU6: return clip_v(x, 0.0f, 6.0f);
    case CK_LEAKY: return pick(x < zero, splat(activation.slope) * x, x);
    case CK_LINEAR: return x;
    case CK_TANH: return tanh_v(x);
    case CK_SIGMOID: return damped(one, x);
    case CK_HARDSWISH: return x * clip_v(x + splat(3.0f), 0.0f, 6.0f) / splat(6.0f);
    case CK_MISH: return mish_v(x);
    case CK_LAPLACE:
        return splat(0.5f) * (one + erf_v((x - splat(0.707107f)) / splat(0.39894257f)));
    case CK_SQRT_SOFTPLUS:
    case CK_XIELU: return activate_lanes(x, activation);
    }
    return x;
}

INLINE float activate_one(float x, ck_activation activation) {
    return activate_v(splat(x), activation)[0];
}
