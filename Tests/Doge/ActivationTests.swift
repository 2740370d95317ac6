import CDogeKernels
import Glibc
import Testing

@testable import Doge

/// The activation functions by transformers' names; those of a layer's own with its first numbers.
enum Functions {
    static let all = Activation.byName.mapValues { activation in
        switch activation {
        case .fixed(let kind, let slope): return ck_activation(kind, slope: slope)
        case .prelu: return ck_activation(CK_LEAKY, slope: 0.25)
        case .xielu:
            var xielu = ck_activation(CK_XIELU)
            // A new layer's alpha_p, alpha_n, beta and eps, which it makes in bf16.
            xielu.rising = Float(log1p(exp(0.2041015625)))
            xielu.beta = 0.5
            xielu.falling = 0.5 + Float(log1p(exp(-1.046875)))
            xielu.limit = -9.98377799987793e-07
            return xielu
        }
    }
}

@Suite("Activation functions") struct ActivationTests {
    static let arguments: [Float] = [-7.5, -2, -0.5, 0, 0.3, 1, 3.7, 25]

    /// What transformers 5.23 answers in f32 for the arguments.
    static let answers: [String: [Float]] = [
        "gelu": [
            0, -0.0455002785, -0.154268771, 0, 0.18537344, 0.841344714, 3.69960141, 25,
        ],
        "gelu_10": [
            0, -0.0455002785, -0.154268771, 0, 0.18537344, 0.841344714, 3.69960141, 10,
        ],
        "gelu_accurate": [
            0, -0.0454022884, -0.154285997, 0, 0.185370937, 0.841192007, 3.69972825, 25,
        ],
        "gelu_fast": [
            0, -0.0454022884, -0.154285997, 0, 0.185370937, 0.841192007, 3.69972825, 25,
        ],
        "gelu_new": [
            0, -0.0454022884, -0.154285997, 0, 0.185370937, 0.841192007, 3.69972825, 25,
        ],
        "gelu_python": [
            0, -0.0455002785, -0.154268771, 0, 0.18537344, 0.841344714, 3.69960141, 25,
        ],
        "gelu_python_tanh": [
            0, -0.0454022884, -0.154285997, 0, 0.185370937, 0.841192007, 3.69972825, 25,
        ],
        "gelu_pytorch_tanh": [
            0, -0.0454022884, -0.154285997, 0, 0.185370937, 0.841192007, 3.69972825, 25,
        ],
        "hardswish": [
            0, -0.333333343, -0.208333328, 0, 0.165000007, 0.666666687, 3.70000005, 25,
        ],
        "laplace": [
            0, 0, 9.38773155e-06, 0.00609445572, 0.074488312, 0.850429654, 1, 1,
        ],
        "leaky_relu": [
            -0.0749999955, -0.0199999996, -0.00499999989, 0, 0.300000012, 1, 3.70000005, 25,
        ],
        "linear": [
            -7.5, -2, -0.5, 0, 0.300000012, 1, 3.70000005, 25,
        ],
        "mish": [
            -0.00414698524, -0.252501458, -0.22074376, 0, 0.20800139, 0.865098357, 3.69569492, 25,
        ],
        "prelu": [
            -1.875, -0.5, -0.125, 0, 0.300000012, 1, 3.70000005, 25,
        ],
        "quick_gelu": [
            -2.14432603e-05, -0.0643413737, -0.149611562, 0, 0.187484145, 0.845795751, 3.69320059,
            25,
        ],
        "relu": [
            0, 0, 0, 0, 0.300000012, 1, 3.70000005, 25,
        ],
        "relu2": [
            0, 0, 0, 0, 0.0900000036, 1, 13.6900005, 625,
        ],
        "relu6": [
            0, 0, 0, 0, 0.300000012, 1, 3.70000005, 6,
        ],
        "sigmoid": [
            0.000552778656, 0.119202919, 0.377540678, 0.5, 0.574442506, 0.731058598, 0.975872993, 1,
        ],
        "silu": [
            -0.00414583972, -0.238405839, -0.188770339, 0, 0.172332764, 0.731058598, 3.61073017, 25,
        ],
        "sqrtsoftplus": [
            0.0235144943, 0.356269568, 0.688532472, 0.832554579, 0.924313426, 1.14597631,
            1.92987645, 5,
        ],
        "swish": [
            -0.00414583972, -0.238405839, -0.188770339, 0, 0.172332764, 0.731058598, 3.61073017, 25,
        ],
        "tanh": [
            -0.999999404, -0.964027584, -0.462117165, 0, 0.291312635, 0.761594176, 0.998778224, 1,
        ],
        "xielu": [
            1.45609474, -0.0907446742, -0.164682835, -7.99569932e-07, 0.222035661, 1.30039608,
            12.8074236, 512.747559,
        ],
    ]

    @Test("every function of transformers is known, and answers as there")
    func answers() {
        #expect(Self.answers.keys.sorted() == Activation.byName.keys.sorted())
        for (name, expected) in Self.answers {
            guard let function = Functions.all[name] else { continue }
            for (x, expected) in zip(Self.arguments, expected) {
                let got = ck_activate(x, function)
                #expect(abs(got - expected) <= 5e-7 * max(1, abs(expected)), "\(name) of \(x)")
            }
        }
    }

    @Test("no number stays none")
    func notFinite() throws {
        for isa in instructionSets {
            guard let kernels = ck_kernels_for(isa)?.pointee else { continue }
            for (name, function) in Functions.all {
                let none = [Float](repeating: .nan, count: 17)
                let out = try gated(kernels, none, Array(repeating: 1, count: 17), function)
                #expect(out.filter(\.isNaN).count == 17, "\(name)")
            }
        }
    }

    @Test("xielu's numbers are rounded to bf16 at every step, as transformers has them")
    func rounding() {
        let new = ck_activation.xielu(alphaP: 1 / 3, alphaN: -1.046875, beta: 0.5, eps: -1e-6)
        #expect(new.rising == 0.875 && new.falling == 0.80078125 && new.beta == 0.5)
        #expect(new.limit == -9.98377799987793e-07)
        // transformers 5.23 in f32, of a file with these numbers.
        #expect(ck_activate(1.5, new) == 2.71875 && abs(ck_activate(-1.5, new) + 0.1709) < 5e-5)
        let large = ck_activation.xielu(alphaP: 21, alphaN: 30.1, beta: 0.3, eps: 0)
        #expect(large.rising == 21 && large.falling == 30.375 && large.beta == 0.30078125)
    }

    @Test("a layer brings the numbers of its own function")
    func parameters() throws {
        func logits(_ name: String, _ tensors: [TinyModel.Tensor]) throws -> [Float] {
            var model = TinyModel()
            model.configuration += ", \"hidden_act\": \"\(name)\""
            model.tensors += tensors
            return try model.withFolder { directory in
                try Engine(model: DogeModel(directory: directory), threads: 1)
                    .logits(of: [[3, 1, 4, 1, 5]])[0]
            }
        }
        func tensor(_ name: String, _ shape: [Int], _ value: Float) -> TinyModel.Tensor {
            .init(name: "model.layers.0.mlp.act_fn.\(name)", shape: shape, values: [value])
        }
        let relu = try logits("relu", []), linear = try logits("linear", [])
        #expect(try logits("prelu", [tensor("weight", [1], 0)]) == relu)
        #expect(try logits("prelu", [tensor("weight", [1], 1)]) == linear)
        let leaky = try logits("leaky_relu", [])
        #expect(try logits("prelu", [tensor("weight", [1], 0.01)]) == leaky)
        #expect(Set([relu, linear, leaky]).count == 3)
        // softplus(-200) is 0 and beta 1: what is left is x, and below 0 (expm1(x) - x) + x.
        let beta = [tensor("beta", [], 1), tensor("eps", [], 0)]
        let alphas = [tensor("alpha_p", [1], -200), tensor("alpha_n", [1], -200)]
        #expect(try logits("xielu", alphas + beta) != linear)
        for missing in 0..<4 {
            var tensors = alphas + beta
            let name = tensors.remove(at: missing).name
            let error = #expect(throws: ModelError.self) { try logits("xielu", tensors) }
            #expect(error?.description.contains(name) == true)
        }
        for wrong in [tensor("weight", [], 1), tensor("weight", [1], .nan)] {
            let error = #expect(throws: ModelError.self) { try logits("prelu", [wrong]) }
            #expect(error?.description.contains("act_fn.weight") == true)
        }
    }
}
