"""The rolling analyzer: from final segments to notes that can be trusted."""
