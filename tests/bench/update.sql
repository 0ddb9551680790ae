-- What an update of a service does that changes a criteria, for pgbench: the statements of the server's transaction.
\set number random(0, 999)
\set last random(1000, 9999)
BEGIN;
UPDATE user_services SET revision = revision + 1
WHERE tenant_id = 'small' AND group_id = 'group0' AND user_id = 'user' || :number
    AND service = 'selective_call_acceptance'
RETURNING revision;
SELECT s.revision, s.switched_on, s.suspended_until, s.accepts_outside_schedules, c.position, c.name, c.active,
    c.do_not_perform_action, c.any_caller, c.include_anonymous_callers, c.include_unavailable_callers, c.phone_numbers,
    c.time_schedule_id, c.holiday_schedule_id, c.forwarded, c.include_internal_callers, c.description, c.valid_from,
    c.valid_until, c.created_revision, time.group_id, time.user_id, time.name, holiday.group_id, holiday.user_id,
    holiday.name,
    (SELECT json_agg(json_build_object('id', l.list_id, 'level', CASE WHEN l.user_id IS NOT NULL THEN 'User'
        WHEN l.group_id IS NOT NULL THEN 'Group' ELSE 'Tenant' END, 'name', l.name) ORDER BY r.place)
    FROM criteria_number_lists AS r JOIN number_lists AS l ON l.tenant_id = r.tenant_id AND l.list_id = r.list_id
    WHERE r.tenant_id = c.tenant_id AND r.group_id = c.group_id AND r.user_id = c.user_id AND r.service = c.service
        AND r.position = c.position)
FROM user_services AS s
LEFT JOIN criteria AS c ON s.tenant_id = c.tenant_id AND s.group_id = c.group_id AND s.user_id = c.user_id
    AND s.service = c.service
LEFT JOIN schedules AS time ON c.tenant_id = time.tenant_id AND c.time_schedule_id = time.schedule_id
LEFT JOIN schedules AS holiday ON c.tenant_id = holiday.tenant_id AND c.holiday_schedule_id = holiday.schedule_id
WHERE s.tenant_id = 'small' AND s.group_id = 'group0' AND s.user_id = 'user' || :number
    AND s.service = 'selective_call_acceptance'
ORDER BY c.position;
UPDATE criteria SET name = 'criteria2', active = true, do_not_perform_action = false, any_caller = false,
    include_anonymous_callers = false, include_unavailable_callers = false,
    phone_numbers = CAST('["+3225126' || :last || '"]' AS jsonb), time_schedule_id = NULL, holiday_schedule_id = NULL,
    forwarded = NULL, include_internal_callers = NULL, description = NULL, valid_from = NULL, valid_until = NULL
WHERE tenant_id = 'small' AND group_id = 'group0' AND user_id = 'user' || :number
    AND service = 'selective_call_acceptance' AND position = 2;
WITH events AS (
    INSERT INTO audit_events (tenant_id, event_id, recorded_at, actor_kind, actor, request_id, client_address,
        operation, target, group_id, user_id, before, after, bytes)
    VALUES ('small', gen_random_uuid(), CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint), 'token',
        '01a21e64b53f70d99a3bf2dc9b9d73de', '01a21e64-bb60-74bf-8e66-948e834e2c30', '127.0.0.1',
        'selective_call_acceptance_update', '/api/v1/tenants/small/groups/group0/users/user' || :number
            || '/services/selective_call_acceptance/criteria/criteria2/', 'group0', 'user' || :number,
        CAST('{"callsFrom":"+32251261234","fromDnCriteria":{"phoneNumbers":["+32251261234"]}}' AS jsonb),
        CAST('{"callsFrom":"+3225126' || :last || '","fromDnCriteria":{"phoneNumbers":["+3225126' || :last || '"]}}'
            AS jsonb), 154))
INSERT INTO changes (tenant_id, change_id, position, changed_at, kind, group_id, user_id)
VALUES ('small', gen_random_uuid(), CAST(CAST(pg_current_xact_id() AS text) AS bigint),
    CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint), 'users', 'group0', 'user' || :number)
RETURNING pg_notify('call_acceptance_changes', '');
COMMIT;
