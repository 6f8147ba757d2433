package import Domain

/// The version in which each polled Visma row was last seen: a row is dirt only if its version differs.
package enum SightingsTable {
    package static func get(
        _ db: any SQLConnection, tenant: TenantID, stream: SyncStream, document: DocumentRef
    ) throws -> RowVersion? {
        try db.query(
            """
            SELECT modified, stamp FROM sightings
            WHERE tenant_id = \(tenant) AND stream = \(stream) AND document = \(document)
            """
        ).first.map { RowVersion(modified: try $0.text("modified"), stamp: try $0.text("stamp")) }
    }

    package static func put(
        _ db: any SQLConnection, tenant: TenantID, stream: SyncStream, document: DocumentRef, _ version: RowVersion
    ) throws {
        try db.execute(
            """
            INSERT INTO sightings (tenant_id, stream, document, modified, stamp)
            VALUES (\(tenant), \(stream), \(document), \(version.modified), \(version.stamp))
            ON CONFLICT (tenant_id, stream, document)
            DO UPDATE SET modified = excluded.modified, stamp = excluded.stamp
            """)
    }
}
