-- Users of one tenant, each with five criteria of five numbers and a schedule: psql -v tenant=NAME -v users=NUMBER
INSERT INTO tenants (tenant_id, region, time_zone) VALUES (:'tenant', 'BE', 'Europe/Brussels');
INSERT INTO groups (tenant_id, group_id) SELECT :'tenant', 'group' || number
FROM generate_series(0, (:users - 1) / 1000) AS number;
INSERT INTO schedules (tenant_id, schedule_id, kind, name, periods)
VALUES (:'tenant', gen_random_uuid(), 'Time', 'Office hours', jsonb_build_array(jsonb_build_object(
    'name', 'Friday', 'active', true, 'type', 'Day of the week', 'dayOfWeek', 'Friday', 'startTime', '09:00',
    'stopTime', '17:00')));
INSERT INTO users (tenant_id, group_id, user_id, phone_number)
SELECT :'tenant', 'group' || number / 1000, 'user' || number, '+32' || (:first + number)
FROM generate_series(0, :users - 1) AS number;
INSERT INTO user_services (tenant_id, group_id, user_id, service, revision)
SELECT tenant_id, group_id, user_id, 'selective_call_acceptance', 1 FROM users WHERE tenant_id = :'tenant';
INSERT INTO criteria (tenant_id, group_id, user_id, service, position, name, active, do_not_perform_action, any_caller,
    include_anonymous_callers, include_unavailable_callers, phone_numbers, time_schedule_id)
SELECT users.tenant_id, group_id, user_id, 'selective_call_acceptance', place, 'criteria' || place, true, place = 0,
    false, false, place = 1,
    (SELECT jsonb_agg('+3225126' || place || to_char(number, 'FM00')) FROM generate_series(1, 5) AS number),
    CASE WHEN place = 4 THEN (SELECT schedule_id FROM schedules WHERE tenant_id = :'tenant') END
FROM users, generate_series(0, 4) AS place WHERE users.tenant_id = :'tenant';
ANALYZE;
