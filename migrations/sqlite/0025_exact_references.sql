-- References are compared with regard to case (RFC 7643 2.3.7): their keys become the values as the documents have them.
-- This database cannot hash, so that a reference beyond 500 bytes keeps the hash of its old key: it is found by its parts,
-- and by the whole again once it changes.
UPDATE user_values
SET value_key = sent.value,
    match_key = CASE WHEN length(CAST(sent.value AS BLOB)) > 500 THEN match_key ELSE sent.value END
FROM (
    SELECT v.user_id, v.attribute, v.element, v.sub,
        json_extract(u.document, CASE v.attribute
            WHEN 'profileUrl' THEN '$.profileUrl'
            WHEN 'photos' THEN '$.photos[' || v.element || '].value'
            ELSE '$."urn:ietf:params:scim:schemas:extension:enterprise:2.0:User".manager."$ref"'
        END) AS value
    FROM user_values v JOIN users u ON u.id = v.user_id
    WHERE (v.attribute = 'profileUrl' AND v.sub = '') OR (v.attribute = 'photos' AND v.sub = 'value')
        OR (v.attribute = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager' AND v.sub = '$ref')
) AS sent
WHERE user_values.user_id = sent.user_id AND user_values.attribute = sent.attribute
    AND user_values.element = sent.element AND user_values.sub = sent.sub AND user_values.value_key <> sent.value;
