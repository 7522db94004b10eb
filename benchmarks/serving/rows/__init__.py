"""One function for each row of the table: it measures and gives figures beside their goals."""
