import Glibc
import Platform
import Testing

@testable import kennel

@Suite("What tells hosts apart") struct HostIdentityTests {
    private let folder = "\(Files.temporaryFolder)/kennel-identity-\(Entropy.identifier())"

    private func write(_ name: String, _ text: String) throws -> String {
        try? Files.makeDirectory(folder)
        let path = "\(folder)/\(name)"
        let file = try FileDescriptor(opening: path, flags: O_WRONLY | O_CREAT | O_TRUNC)
        try file.write(Array(text.utf8), at: 0)
        return path
    }

    @Test("is the machine id where there is one") func machineID() throws {
        let host = HostIdentity(
            machineIDPath: try write("machine", "0123abcd\n"),
            bootIDPath: try write("boot", "boot\n"),
            hostName: "host"
        )
        #expect(host.machineID == "0123abcd")
        #expect(host.bootID == "boot")
    }

    @Test("is the boot in containers whose machine id is missing, empty or still to be made")
    func container() throws {
        let missing = "\(folder)/nothing"
        let paths = [missing, try write("empty", "\n"), try write("new", "uninitialized\n")]
        for path in paths {
            let host = HostIdentity(
                machineIDPath: path,
                bootIDPath: try write("boot", "boot\n"),
                hostName: "host"
            )
            #expect(host.machineID == "boot", "with \(path)")
        }
    }

    @Test("is the host's name where the system says nothing") func name() {
        let missing = "\(folder)/nothing"
        let host = HostIdentity(machineIDPath: missing, bootIDPath: missing, hostName: "host")
        #expect(host.machineID == "host")
        #expect(host.bootID == "")
    }
}
