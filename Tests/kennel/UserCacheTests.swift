import Doge
import Testing

@testable import kennel

@Suite("Where digests are remembered") struct UserCacheTests {
    private static func folder(_ environment: [String: String]) throws -> String? {
        try UserCache.digests { environment[$0] }?.folder
    }

    @Test("in the user's own cache folder, unless told to do without or where there is no home")
    func folders() throws {
        #expect(try Self.folder([:]) == nil)
        #expect(try Self.folder(["HOME": "/h"]) == "/h/.cache/kennel")
        #expect(try Self.folder(["HOME": "/h", "XDG_CACHE_HOME": "/c"]) == "/c/kennel")
        #expect(try Self.folder(["HOME": "/h", "XDG_CACHE_HOME": "c"]) == "/h/.cache/kennel")
        for word in ["", "on"] {
            let folder = try Self.folder(["HOME": "/h", "KENNEL_DIGEST_CACHE": word])
            #expect(folder == "/h/.cache/kennel")
        }
        #expect(try Self.folder(["HOME": "/h", "KENNEL_DIGEST_CACHE": "off"]) == nil)
    }

    @Test("a word that means nothing is refused in a sentence")
    func refused() throws {
        let error = #expect(throws: CommandFailure.self) {
            try Self.folder(["HOME": "/h", "KENNEL_DIGEST_CACHE": "of"])
        }
        #expect(
            error?.message == "KENNEL_DIGEST_CACHE is \"of\", which means nothing; "
                + "say off to read every model's files each time, or unset it"
        )
    }
}
