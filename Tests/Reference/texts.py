"""Texts that the other scripts share: samples in many languages, odd characters, and deterministic noise.

Everything here was written for this folder. Nothing is downloaded, and nothing depends on the time or the machine.
"""

SAMPLES = {
    "english": (
        "The kennel keeps one bowl for every dog, and the keeper writes down who has eaten. When the rain comes, the "
        "dogs that were outside run back in; those that can't find the door wait under the old tree. Nobody's been "
        "counting the puppies, but there are probably twenty-three of them. I'd say they're well, and we'll know more "
        "tomorrow. A small program reads a record, computes an answer and writes it to a file that others will read."
    ),
    "german": (
        "Der Zwinger hat für jeden Hund einen Napf, und die Wärterin schreibt auf, wer schon gefressen hat. Größere "
        "Hunde schlafen draußen, kleinere drinnen. Übermorgen prüfen wir die Donaudampfschifffahrtsgesellschaft noch "
        "einmal; es gibt über zwanzig Straßen, die wir nicht kennen."
    ),
    "french": (
        "Le chenil garde une écuelle pour chaque chien, et l'on note qui a déjà mangé. Où sont passés les petits ? "
        "Peut-être près de la forêt, là-bas, où ça sent le cœur de bœuf et la crème brûlée."
    ),
    "spanish": "¿Dónde está el perro pequeño? Mañana volverá, dijo la niña, y los demás perros ladraron de alegría.",
    "turkish": "İstanbul'da ılık bir akşam, köpekler sessizce uyuyor; çocuklar ise şarkı söylüyor.",
    "polish": "Źdźbło trawy leży na drodze, a pies śpi pod drzewem. Żółty ptak śpiewa cały dzień.",
    "russian": (
        "В питомнике для каждой собаки есть своя миска, и сторож записывает, кто уже поел. Когда начинается дождь, "
        "собаки бегут обратно в дом, а щенки прячутся под старым деревом. Завтра мы узнаем больше новостей."
    ),
    "greek": "Ο σκύλος κοιμάται κάτω από το δέντρο, και ο φύλακας γράφει τα ονόματα. Αύριο θα μάθουμε περισσότερα νέα.",
    "arabic": "الكلب ينام تحت الشجرة القديمة، والحارس يكتب الأسماء في دفتر كبير. غداً سنعرف المزيد من الأخبار.",
    "hebrew": "הכלב ישן מתחת לעץ הישן, והשומר כותב את השמות במחברת. מָחָר נֵדַע יוֹתֵר.",
    "hindi": "कुत्ता पुराने पेड़ के नीचे सोता है, और रखवाला किताब में नाम लिखता है। कल हमें और समाचार मिलेंगे।",
    "tamil": "நாய் மரத்தின் கீழ் தூங்குகிறது. நாளை மழை வரும்.",
    "thai": "สุนัขนอนอยู่ใต้ต้นไม้ใหญ่ และคนดูแลเขียนชื่อลงในสมุด พรุ่งนี้เราจะรู้ข่าวมากขึ้น",
    "chinese": "狗在老树下睡觉，管理员把名字写在本子上。明天我们会知道更多的消息。程序读取一条记录，然后写出一个答案。",
    "japanese": "犬は古い木の下で眠っています。番人はノートに名前を書きます。明日、もっとニュースがわかるでしょう。",
    "korean": "개는 오래된 나무 아래에서 자고, 관리인은 공책에 이름을 적습니다. 내일 더 많은 소식을 알게 될 것입니다.",
    "emoji": "Good dog 🐶👍🏽! Family 👨‍👩‍👧‍👦, flags 🇩🇪🇯🇵🇧🇷, rainbow 🏳️‍🌈, keycap 3️⃣, heart ❤️, wave 👋🏿.",
    "code": (
        "func feed(_ dogs: [Dog]) throws -> Int {\n    guard !dogs.isEmpty else { return 0 }\n    var total = 0\n"
        "    for dog in dogs where dog.isHungry {\n        total += try dog.eat(bowls[dog.id]!) // one bowl each\n"
        "    }\n    return total\n}\n"
    ),
    "python": (
        "def load(path):\n\t\"\"\"Read a file.\"\"\"\n\twith open(path, 'rb') as f:\n\t\treturn [int(x, 16) for x in "
        "f.read().split(b',') if x != b'']\n"
    ),
    "json": '{"id": 17, "text": "a \\"quoted\\" dog", "tags": ["x", "y\\u00e9"], "score": -1.25e-3, "none": null}',
    "url": "See https://example.org/dogs/list?id=42&name=Rex%20Bello#top or mail keeper+dogs@example.org; ftp://[::1]:21/.",
    "markup": "<p class=\"dog\">Rex &amp; Bello</p><!-- no more --><br/>\n# Title\n\n* one\n* two\n\n| a | b |\n|---|---|\n",
    "mathematics": "∀x∈ℝ: x² ≥ 0, ∑_{i=1}^{n} i = n(n+1)/2 ≈ ½n², √2 ≠ 1.41421, α→β, 10⁻³ µm, 25 °C, 5 ‰.",
}

COMBINING = [
    "e\u0301 is not é, a\u0308 is not ä, and n\u0303o\u0302",
    "\u0301",
    "\u0301\u0308\u0323",
    " \u0301a",
    "Z\u0351\u036b\u0343a\u0363\u035cl\u0348\u035eg\u033co\u0321",
    "\u0939\u093f\u0928\u094d\u0926\u0940 \u0915\u094d\u0937\u0947\u0924\u094d\u0930",
    "\u0915\u093c\u200d\u0937 \u0915\u094d\u200c\u0937",
    "\u05e9\u05c1\u05b8\u05dc\u05d5\u05b9\u05dd",
    "\u1100\u1161\u11a8 \uac01",
    "a\u20dd 1\u20e3 #\ufe0f\u20e3",
    "\u0e01\u0e33\u0e01\u0e4d\u0e32",
]

SPACES = [
    "\t", "\n", "\r", "\r\n", "\n\n", "\r\r", "\n\r", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x1f", "\x85", "\u00a0",
    "\u1680", "\u180e", "\u2000", "\u2003", "\u2007", "\u2009", "\u200a", "\u200b", "\u200c", "\u200d", "\u2028",
    "\u2029", "\u202f", "\u205f", "\u2060", "\u3000", "\ufeff", "\x00", "\x01", "\x7f", "\x80", "\x9f",
]

SPECIAL_TOKENS = [
    "<|begin_of_text|>", "<|end_of_text|>", "<|finetune_right_pad_id|>", "<|start_header_id|>", "<|end_header_id|>",
]


class Noise:
    """A tiny linear congruential generator: the same numbers on every machine and in every version of Python."""

    def __init__(self, seed):
        self.state = seed * 2862933555777941757 + 3037000493 & (1 << 64) - 1

    def below(self, bound):
        """The next number in 0..<bound."""
        self.state = self.state * 6364136223846793005 + 1442695040888963407 & (1 << 64) - 1
        return (self.state >> 33) % bound

    def pick(self, choices):
        """The next choice from a list or string."""
        return choices[self.below(len(choices))]


def training_lines():
    """The corpus on which the tokenizers are trained: the samples, and lines made from a few word lists."""
    lines = [line for text in SAMPLES.values() for line in (text, *text.split(". "))]
    names = ["Rex", "Bello", "Лайка", "ポチ", "멍멍이", "Fido", "Ζαφείρης", "大黄"]
    verbs = ["eats", "sleeps", "is running", "schläft", "frisst", "спит", "ест", "眠る", "睡觉", "잔다", "κοιμάται"]
    places = ["in the house", "under the tree", "im Zwinger", "под деревом", "木の下", "树下", "near the river"]
    noise = Noise(7)
    for number in range(160):
        name, verb, place = noise.pick(names), noise.pick(verbs), noise.pick(places)
        lines.append(f"{number}. {name} {verb} {place} at {noise.below(24):02}:{noise.below(60):02}, {noise.below(100000)} m")
        lines.append(f"    value_{number % 9} = {name.lower()}[{noise.below(64)}] + 0x{noise.below(65536):04x};\n")
    return lines


def noise_texts(count, seed, alphabet):
    """Short texts of random pieces of the alphabet, for mistakes that nobody thought of."""
    noise = Noise(seed)
    return ["".join(noise.pick(alphabet) for _ in range(1 + noise.below(24))) for _ in range(count)]
