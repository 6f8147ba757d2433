-- Each turn asks whether any of the company's documents is collected; all its settled ones came first.
CREATE INDEX links_state ON links (tenant_id, state, document);

-- What a customer's credit note or refund is news for, and what follows its new number.
CREATE INDEX links_customer ON links (tenant_id, visma_customer, document);
