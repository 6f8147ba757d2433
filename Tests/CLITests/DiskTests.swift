import Foundation
import Sandbox
import Testing

/// A disk that does not keep what it is given, under the real server: `fdatasync` and `fsync` are replaced in its
/// process.
@Suite("A failing disk")
struct DiskTests {
    private static let shim = """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <errno.h>
        #include <stdlib.h>
        #include <unistd.h>
        static int broken(void) { const char *flag = getenv("DISK_FLAG"); return flag && access(flag, F_OK) == 0; }
        static int call(const char *name, int fd) {
            if (broken()) { errno = EIO; return -1; }
            return ((int (*)(int))dlsym(RTLD_NEXT, name))(fd);
        }
        int fdatasync(int fd) { return call("fdatasync", fd); }
        int fsync(int fd) { return call("fsync", fd); }
        """

    @Test("An event that cannot be synced gets no 2xx, and is stored when it comes again and the disk works")
    func failing() async throws {
        let bench = try await KillBench([])
        let source = try bench.tool.write(Self.shim, to: "shim.c")
        let library = bench.tool.path("shim.so")
        try compile(source, to: library, bench)
        let flag = bench.tool.path("disk-fails")
        try await bench.whileServing(["LD_PRELOAD": library, "DISK_FLAG": flag]) {
            let document = try await bench.invoice(bench.customer("Disk"))
            var invoice: String?
            try await KillBench.until("the invoice is pushed and nothing is on its way") {
                let pushed = try await bench.books().invoices(of: document).first {
                    $0["status"]?.stringValue == "open"
                }
                invoice = pushed?["id"]?.stringValue
                return invoice != nil
            }
            let id = try #require(invoice)
            try Data().write(to: URL(fileURLWithPath: flag))
            _ = try await bench.act("pay", [("invoice", .string(id))])
            try await KillBench.until("deliveries are turned away") {
                let lines = try await bench.page("/metrics").split(separator: "\n")
                return lines.contains {
                    $0.hasPrefix("mlc_webhooks_total{outcome=\"not_durable\"} ") && !$0.hasSuffix(" 0")
                }
            }
            #expect(try paidEvents(bench) == 0)
            #expect(try await undelivered(bench), "Stripe was told that an event is kept that is not")
            try FileManager.default.removeItem(atPath: flag)
            try await KillBench.until("the event came again and is kept") { try paidEvents(bench) == 1 }
        }
        try await bench.recovers(after: "a disk that failed")
    }

    private func compile(_ source: String, to library: String, _ bench: KillBench) throws {
        // The toolchain that builds Swift brings its own C compiler, beside `swift`.
        let script = """
            import os, shutil, subprocess, sys
            path = sys.argv[3]
            beside = os.path.dirname(os.path.realpath(shutil.which("swift", path=path) or "swift"))
            clang = shutil.which("clang", path=path) or os.path.join(beside, "clang")
            command = [clang, "-shared", "-fPIC", "-o", sys.argv[2], sys.argv[1], "-ldl"]
            subprocess.run(command, check=True, env={"PATH": path})
            """
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        _ = try bench.tool.python(script, source, library, path)
    }

    private func paidEvents(_ bench: KillBench) throws -> Int {
        let script = """
            import sqlite3, sys
            query = "SELECT COUNT(*) FROM events WHERE type = 'invoice_payment.paid'"
            print(sqlite3.connect(sys.argv[1]).execute(query).fetchone()[0])
            """
        return try #require(Int(try bench.tool.python(script, bench.tool.database)))
    }

    private func undelivered(_ bench: KillBench) async throws -> Bool {
        try await bench.undeliveredEvents().contains { $0["type"]?.stringValue == "invoice_payment.paid" }
    }
}
