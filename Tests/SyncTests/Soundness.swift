import Domain
import Simulation
import Storage
import Testing

/// What must hold at the end of every course, whatever went wrong on the way.
enum Soundness {
    /// Both books agree, the trail is whole, nothing is undecided, and nothing is there twice.
    static func expect(_ world: World, _ what: String, _ location: SourceLocation = #_sourceLocation) async throws {
        let fault = try await world.fault()
        #expect(fault == nil, "\(what)", sourceLocation: location)
        let twice = try world.duplicates()
        #expect(twice == [], "\(what)", sourceLocation: location)
    }

    static func reviewCodes(_ world: World) async throws -> [String] {
        try await world.openReviews().map(\.code).sorted()
    }
}
