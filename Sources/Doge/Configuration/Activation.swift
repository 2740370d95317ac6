import CDogeKernels
import Glibc

/// The function between the two halves of a feed-forward part.
enum Activation: Equatable {
    /// The same function in every layer.
    case fixed(ck_activation_kind, slope: Float = 0)
    /// Straight lines that meet in 0; each layer has its own slope below.
    case prelu
    /// A parabola above 0 and an exponential curve below; each layer has its own numbers.
    case xielu

    /// The functions of transformers' ACT2CLS by their names there.
    static let byName: [String: Activation] = [
        "gelu": .fixed(CK_GELU), "gelu_10": .fixed(CK_GELU_CLIPPED),
        "gelu_accurate": .fixed(CK_GELU_TANH), "gelu_fast": .fixed(CK_GELU_TANH),
        "gelu_new": .fixed(CK_GELU_TANH), "gelu_python": .fixed(CK_GELU),
        "gelu_python_tanh": .fixed(CK_GELU_TANH), "gelu_pytorch_tanh": .fixed(CK_GELU_TANH),
        "hardswish": .fixed(CK_HARDSWISH), "laplace": .fixed(CK_LAPLACE),
        "leaky_relu": .fixed(CK_LEAKY, slope: 0.01), "linear": .fixed(CK_LINEAR),
        "mish": .fixed(CK_MISH), "prelu": .prelu, "quick_gelu": .fixed(CK_QUICK_GELU),
        "relu": .fixed(CK_RELU), "relu2": .fixed(CK_RELU_SQUARED), "relu6": .fixed(CK_RELU6),
        "sigmoid": .fixed(CK_SIGMOID), "silu": .fixed(CK_SILU),
        "sqrtsoftplus": .fixed(CK_SQRT_SOFTPLUS), "swish": .fixed(CK_SILU),
        "tanh": .fixed(CK_TANH), "xielu": .xielu,
    ]
}

extension ck_activation {
    /// The same function in every layer.
    init(_ kind: ck_activation_kind, slope: Float = 0) {
        self.init()
        self.kind = kind
        self.slope = slope
    }

    /// xielu by the numbers that a file holds.
    ///
    /// transformers' class makes them in bf16 and they stay so whatever the model's type: each step
    /// before the first product with an input is rounded to bf16.
    static func xielu(alphaP: Float, alphaN: Float, beta: Float, eps: Float) -> ck_activation {
        func softplus(_ x: Float) -> Float {
            rounded(x > 20 ? x : Float(log1p(exp(Double(x)))))
        }
        var function = ck_activation(CK_XIELU)
        function.beta = rounded(beta)
        function.limit = rounded(eps)
        function.rising = softplus(rounded(alphaP))
        function.falling = rounded(function.beta + softplus(rounded(alphaN)))
        return function
    }

    /// The nearest number that bf16 holds, the even one of two.
    private static func rounded(_ x: Float) -> Float {
        guard x.isFinite else { return x }
        let bits = x.bitPattern
        return Float(bitPattern: (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF_0000)
    }
}
