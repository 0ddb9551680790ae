SELECT criteria.name, criteria.active, criteria.do_not_perform_action, criteria.any_caller,
       criteria.include_anonymous_callers, criteria.include_unavailable_callers, criteria.phone_numbers,
       time_schedule.group_id, time_schedule.user_id, time_schedule.name AS schedule, user_services.revision
FROM user_services
LEFT JOIN criteria ON criteria.tenant_id = user_services.tenant_id AND criteria.group_id = user_services.group_id
    AND criteria.user_id = user_services.user_id AND criteria.service = user_services.service
LEFT JOIN schedules AS time_schedule ON time_schedule.tenant_id = criteria.tenant_id
    AND time_schedule.schedule_id = criteria.time_schedule_id
LEFT JOIN schedules AS holiday_schedule ON holiday_schedule.tenant_id = criteria.tenant_id
    AND holiday_schedule.schedule_id = criteria.holiday_schedule_id
WHERE user_services.tenant_id = $1 AND user_services.group_id = $2 AND user_services.user_id = $3
    AND user_services.service = 'selective_call_acceptance'
ORDER BY criteria.position
