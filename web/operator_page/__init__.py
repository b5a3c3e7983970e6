"""The operator's page: /operator, which needs OPERATOR_TOKEN and a code or a link."""
