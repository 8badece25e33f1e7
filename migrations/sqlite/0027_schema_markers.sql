-- Who has data of the Enterprise extension, as one row each: its URN, the second of `schemas`. The first, of the core schema,
-- is everybody's and has no row. Documents have no blanks between their tokens, and no text in them has a bare quotation mark,
-- so that what is looked for is the name of the member. In the order of the ids, so that each page is written once.
INSERT INTO user_values (user_id, organization_id, attribute, element, sub, value_key, match_key)
SELECT id, organization_id, 'schemas', 1, '', 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User',
    'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
FROM users WHERE document LIKE '%"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":%'
ORDER BY id;
