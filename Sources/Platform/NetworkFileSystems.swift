private import CLinux

/// File systems whose files another machine, or a program, may change behind the kernel's back.
private enum NetworkFileSystems {
    /// Magic numbers of statfs(2): NFS, SMB, CIFS, SMB2, AFS, Coda, Ceph, Lustre, GPFS, FUSE.
    static let magic: Set<UInt64> = [
        0x6969, 0x517B, 0xFF53_4D42, 0xFE53_4D42, 0x5346_414F, 0x7375_7245, 0x00C3_6400,
        0x0BD0_0BD0, 0x4750_4653, 0x6573_5546,
    ]
}

extension Files {
    /// Whether the folder that holds `path` lies on a file system of another machine.
    ///
    /// One that cannot be told is taken for this machine's.
    package static func isOnNetwork(_ path: String) -> Bool {
        var folder = path
        while !exists(folder), folder != "/", folder != "." { folder = directory(of: folder) }
        var code: Int32 = 0
        let magic = kennel_file_system_magic(folder, &code)
        return code == 0 && NetworkFileSystems.magic.contains(magic)
    }
}

extension FileDescriptor {
    /// Whether the file may lie on a file system of another machine.
    ///
    /// One that cannot be told is taken for one of these.
    package func mayBeOnNetwork() -> Bool {
        var code: Int32 = 0
        let magic = kennel_open_file_system_magic(raw, &code)
        return code != 0 || NetworkFileSystems.magic.contains(magic)
    }
}
