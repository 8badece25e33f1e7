-- Whether a request can be tried again as it was: headers, query and body were read and are kept. Of older ones it is told
-- by what is missing: a body that was never read, and what is not kept of refused callers and of requests that the service
-- failed, whose headers are not kept either.
ALTER TABLE provisioning_log_payloads ADD COLUMN is_whole INTEGER NOT NULL DEFAULT 1;

UPDATE provisioning_log_payloads SET is_whole = 0
    WHERE is_cut = 1 OR request_headers = '[]' OR length(query) > 1990 OR query LIKE '[not kept:%'
    OR (request_body IS NULL AND EXISTS (SELECT 1 FROM provisioning_logs l WHERE l.id = provisioning_log_payloads.log_id
        AND (l.method NOT IN ('GET', 'HEAD', 'DELETE') OR l.http_status = 401)));
