package enum TenantFiles {}
