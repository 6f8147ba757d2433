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
        let twice = try await world.duplicates()
        #expect(twice == [], "\(what)", sourceLocation: location)
    }

    /// The same, and a person is asked exactly what the scenario says, whatever went wrong on the way.
    static func expect(
        _ world: World, ending scenario: Scenario, _ what: String, _ location: SourceLocation = #_sourceLocation
    ) async throws {
        try await expect(world, what, location)
        let reviews = try await world.openReviews()
        let found = Comment(rawValue: "\(what): \(reviews.map(\.found))")
        #expect(reviews.map(\.code).sorted() == scenario.reviews, found, sourceLocation: location)
    }

    static func reviewCodes(_ world: World) async throws -> [String] {
        try await world.openReviews().map(\.code).sorted()
    }
}
