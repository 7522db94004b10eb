"""The same models behind other servers, each the way its documentation shows; run in environments of their own."""
