package enum MigrationFiles {}
