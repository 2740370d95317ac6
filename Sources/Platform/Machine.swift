private import CHwloc
import Glibc

/// The machine as hwloc knows it: its cores, and where threads and memory are bound.
///
/// Sendable as hwloc lets all threads use what is loaded and never changed.
package final class Machine: @unchecked Sendable {
    /// What this process may use of it.
    package let topology: Topology
    private let handle: hwloc_topology_t

    /// Reads this machine, as far as the calling thread may use it; takes some milliseconds.
    package convenience init() throws(SystemCallError) {
        try self.init(synthetic: nil)
    }

    /// A machine by hwloc's description, as "node:2 core:4 pu:1", where binding has no effect.
    ///
    /// - Parameter allowed: processors that this process may use; nil: all.
    package convenience init(
        synthetic description: String,
        allowed: [Int]? = nil
    ) throws(SystemCallError) {
        try self.init(synthetic: Optional(description), allowed: allowed)
    }

    private init(
        synthetic description: String?,
        allowed: [Int]? = nil
    ) throws(SystemCallError) {
        var made: hwloc_topology_t?
        guard hwloc_topology_init(&made) == 0, let made else {
            throw SystemCallError("read", "this machine's cores")
        }
        do throws(SystemCallError) {
            try Self.load(made, description)
            try Self.restrict(made, isHere: description == nil, allowed)
        } catch {
            hwloc_topology_destroy(made)
            throw error
        }
        handle = made
        topology = Topology(cores: Self.cores(made))
    }

    deinit { hwloc_topology_destroy(handle) }

    /// Has the calling thread run on these processors only.
    package func pinCallingThread(to processors: [Int]) throws(SystemCallError) {
        let set = Bitmap(processors)
        guard hwloc_set_cpubind(handle, set.bits, Int32(HWLOC_CPUBIND_THREAD.rawValue)) == 0 else {
            let code = errno
            let names = processors.map(String.init).joined(separator: ", ")
            throw SystemCallError("pin a thread to", "processor \(names)", code: code)
        }
    }

    /// Keeps memory on a node.
    ///
    /// What lies elsewhere is moved, as far as no other process maps it. `bytes` are whole pages.
    /// The system moves nothing that lies on any of the nodes that it is given: so they are not
    /// several, and who spreads memory binds slices of it.
    package func bind(_ bytes: UnsafeRawBufferPointer, to node: Int) throws(SystemCallError) {
        let set = Bitmap([node])
        let flags = HWLOC_MEMBIND_BYNODESET.rawValue | HWLOC_MEMBIND_MIGRATE.rawValue
        let status = hwloc_set_area_membind(
            handle,
            bytes.baseAddress,
            bytes.count,
            set.bits,
            HWLOC_MEMBIND_BIND,
            Int32(flags)
        )
        guard status == 0 else {
            let code = errno
            throw SystemCallError("bind memory to", "NUMA node \(node)", code: code)
        }
    }

    private static func load(
        _ handle: hwloc_topology_t,
        _ description: String?
    ) throws(SystemCallError) {
        if let description {
            guard hwloc_topology_set_synthetic(handle, description) == 0 else {
                let code = errno
                throw SystemCallError("read", "the description \(description)", code: code)
            }
        } else {
            // It would visit every processor in turn to ask it what the kernel has told already.
            let flag = UInt(HWLOC_TOPOLOGY_COMPONENTS_FLAG_BLACKLIST.rawValue)
            _ = hwloc_topology_set_components(handle, flag, "x86")
        }
        guard hwloc_topology_load(handle) == 0 else {
            throw SystemCallError("read", "this machine's cores")
        }
    }

    /// Leaves what the process may use: hwloc itself heeds control groups, not a thread's own set.
    private static func restrict(
        _ handle: hwloc_topology_t,
        isHere: Bool,
        _ allowed: [Int]?
    ) throws(SystemCallError) {
        let set = Bitmap(allowed ?? [])
        if isHere {
            let flag = Int32(HWLOC_CPUBIND_THREAD.rawValue)
            guard hwloc_get_cpubind(handle, set.bits, flag) == 0 else {
                throw SystemCallError("read", "the cores that this process may use")
            }
        } else if allowed == nil {
            return
        }
        guard hwloc_topology_restrict(handle, set.bits, 0) == 0 else {
            throw SystemCallError("read", "the cores that this process may use")
        }
    }

    private static func cores(_ handle: hwloc_topology_t) -> [Topology.Core] {
        var cores: [Topology.Core] = []
        var last: hwloc_obj_t?
        var caches: [UInt64: Int] = [:]
        var object = hwloc_get_next_obj_by_type(handle, HWLOC_OBJ_PU, nil)
        while let processor = object {
            object = hwloc_get_next_obj_by_type(handle, HWLOC_OBJ_PU, processor)
            let core = hwloc_get_ancestor_obj_by_type(handle, HWLOC_OBJ_CORE, processor)
            let node = max(0, Int(hwloc_bitmap_first(processor.pointee.nodeset)))
            // Who knows of no cache takes those of a node for neighbours.
            let (name, bytes) = lastCache(processor) ?? (UInt64.max - UInt64(node), nil)
            let cache = caches[name, default: caches.count]
            caches[name] = cache
            var processors = [Int(processor.pointee.os_index)]
            if let core, core == last { processors = cores.removeLast().processors + processors }
            last = core
            cores.append(
                Topology.Core(
                    processors: processors.sorted(),
                    node: node,
                    cache: cache,
                    cacheBytes: bytes
                )
            )
        }
        return cores
    }

    /// The farthest cache of data on a processor's way to memory: a name for it, and its size; nil
    /// where none is told.
    private static func lastCache(_ processor: hwloc_obj_t) -> (name: UInt64, bytes: Int?)? {
        var found: (name: UInt64, bytes: Int?)?
        var object = processor.pointee.parent
        while let holder = object {
            if hwloc_obj_type_is_dcache(holder.pointee.type) != 0 {
                let size = Int(holder.pointee.attr.pointee.cache.size)
                found = (holder.pointee.gp_index, size > 0 ? size : nil)
            }
            object = holder.pointee.parent
        }
        return found
    }

    /// Numbers as hwloc wants them.
    private struct Bitmap: ~Copyable {
        let bits: hwloc_bitmap_t

        init(_ numbers: [Int]) {
            guard let bits = hwloc_bitmap_alloc() else {
                preconditionFailure("some bytes can always be had")
            }
            for number in numbers { hwloc_bitmap_set(bits, UInt32(number)) }
            self.bits = bits
        }

        deinit { hwloc_bitmap_free(bits) }
    }
}
