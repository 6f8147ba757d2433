import ArgumentParser
import Domain
import Foundation
import Logging
import Outbound
import Sandbox
import ServiceLifecycle
import Synchronization
import UnixSignals

struct SandboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sandbox", abstract: "Runs a simulated Visma.net and a simulated Stripe on this machine.",
        discussion: """
            When both listen, one line of JSON with their addresses and one company's credentials goes to standard \
            output; point --visma-api-url, --visma-connect-url and --stripe-url there. Pay, fail, refund or dispute an \
            invoice on the control page, or by POST under /_sandbox/, where visma/customer, visma/invoice, visma/pay, \
            visma/credit-note, visma/refund and the like write in Visma.net's books. Everything is forgotten at the end.

            Example: ml-connector sandbox --stripe-port 9100 --visma-port 9200 --seed 7
            """)

    @Option(name: .long, help: "Port of the simulated Stripe, 0 for a free one.")
    var stripePort = 0

    @Option(name: .long, help: "Port of the simulated Visma.net and Visma Connect, 0 for a free one.")
    var vismaPort = 0

    @Option(name: .long, help: "Seed of everything random in it: the same seed gives the same ids.")
    var seed: UInt64 = 1

    @Option(name: .long, help: "How many open invoices the simulated company begins with, 0 to 1000.")
    var invoices = 3

    @Option(name: .long, help: "What a released invoice lets the API change: nothing (refused), or its note (note).")
    var recordEdits = RecordEdits.refused

    @Option(name: .long, help: "How many seconds Visma.net takes to release a payment, 0 to 3600.")
    var releaseDelay: Int64 = 0

    @Flag(name: .long, help: "Send every webhook twice.")
    var duplicateWebhooks = false

    @Flag(name: .long, help: "Send webhooks that are due together in a random order.")
    var reorderWebhooks = false

    @OptionGroup var format: OutputOptions

    func validate() throws {
        for port in [stripePort, vismaPort] where !(0...65_535).contains(port) {
            throw ValidationError("a port must be from 0 to 65535")
        }
        guard (0...1000).contains(invoices) else { throw ValidationError("--invoices must be from 0 to 1000") }
        guard (0...3600).contains(releaseDelay) else { throw ValidationError("--release-delay must be from 0 to 3600") }
    }

    enum RecordEdits: String, ExpressibleByArgument, CaseIterable {
        case refused, note
    }

    private var behaviour: VismaBehaviour {
        var behaviour = VismaBehaviour()
        behaviour.recordEdits = recordEdits == .note ? .noteAllowed : .refused
        behaviour.releaseDelaySeconds = releaseDelay
        return behaviour
    }

    func run() async throws {
        for port in [stripePort, vismaPort] where port != 0 {
            try PortProbe.requireFree(host: "127.0.0.1", port: port)
        }
        LogOutput.start(format: .text, level: .warning, redaction: Redaction())
        let world = try SandboxWorld(seed: seed, invoices: invoices, behaviour: behaviour)
        let announce = Announcement(world: world)
        let faults = FaultPlan()
        let stripe = SandboxServer(
            stripe: world.stripe, port: stripePort, faults: faults, control: world.control(faults),
            onBound: { announce.stripeBound($0) })
        let visma = SandboxServer(
            other: { world.visma.handle($0) }, port: vismaPort, onBound: { announce.vismaBound($0) })
        let courier = WebhookCourier(
            stripe: world.stripe,
            plan: .init(duplicates: duplicateWebhooks, reorders: reorderWebhooks, seed: seed))
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: stripe), .init(service: visma), .init(service: courier)],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: Logger(label: "sandbox")))
        try await group.run()
    }
}

/// Says once, when both simulators listen, where they are.
final class Announcement: Sendable {
    private let world: SandboxWorld
    private let ports = Mutex<(stripe: Int?, visma: Int?)>((nil, nil))

    init(world: SandboxWorld) { self.world = world }

    func stripeBound(_ port: Int) { bound { $0.stripe = port } }
    func vismaBound(_ port: Int) { bound { $0.visma = port } }

    private func bound(_ note: (inout (stripe: Int?, visma: Int?)) -> Void) {
        let known = ports.withLock { ports in
            note(&ports)
            return ports
        }
        guard let stripe = known.stripe, let visma = known.visma else { return }
        let (stripeURL, vismaURL) = ("http://127.0.0.1:\(stripe)", "http://127.0.0.1:\(visma)")
        Terminal.out(
            JSONWriter.text(
                .record([
                    "visma_api_url": .text(vismaURL), "visma_connect_url": .text(vismaURL),
                    "stripe_url": .text(stripeURL), "control_url": .text(stripeURL + "/_sandbox/"),
                    "companies": Value([world.credentials]),
                ])))
    }
}
