//! The types of criteria in requests and responses, generated for each service by one macro, so that the schemas of one
//! service can change without those of another.

/// Generates the schemas of the criteria of a service, and their conversions from and to the types that all services
/// share. `selection` is the service's own enumeration of what a criteria can select.
macro_rules! criteria_schemas {
    (
        selection: $selection:ident,
        from_dn_criteria: $from:ident $from_create:ident $from_update:ident,
        criteria: $criteria:ident $create:ident $update:ident $change:ident,
        do_not_perform_action: $not_performed:literal $(,)?
    ) => {
        /// The callers that a criteria matches. With a selection other than `Specified Only` the other members are
        /// stored but have no effect.
        #[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
        #[oai(rename_all = "camelCase")]
        #[serde(rename_all = "camelCase")]
        pub struct $from {
            /// All callers, or only those that the other members specify.
            pub selection: $selection,
            /// Matches callers that withhold their number.
            pub include_anonymous_callers: bool,
            /// Matches callers whose number the network does not have.
            pub include_unavailable_callers: bool,
            /// True if the criteria matches callers of the user's organisation (`internal`); absent if not.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub include_internal_callers: Option<bool>,
            /// Matches callers whose number matches one of these patterns; returned as sent.
            #[oai(validator(max_items = 500, unique_items))]
            pub phone_numbers: Vec<PhoneNumberPattern>,
            /// Matches callers whose number matches an entry of one of these number lists; absent if there are none.
            #[serde(skip_serializing_if = "Option::is_none")]
            #[oai(validator(max_items = 10))]
            pub number_lists: Option<Vec<NumberListReference>>,
        }

        /// The callers that a new criteria matches.
        #[derive(Debug, Clone, PartialEq, Eq, Object)]
        #[oai(rename_all = "camelCase", deny_unknown_fields)]
        pub struct $from_create {
            /// All callers, or only those that the other members specify.
            pub selection: $selection,
            /// Matches callers that withhold their number.
            #[oai(default)]
            pub include_anonymous_callers: bool,
            /// Matches callers whose number the network does not have.
            #[oai(default)]
            pub include_unavailable_callers: bool,
            /// Matches callers of the user's organisation (`internal`).
            #[oai(default)]
            pub include_internal_callers: bool,
            /// Matches callers whose number matches one of these patterns. Null is the empty list.
            #[oai(default = "shape::no_numbers", validator(max_items = 500, unique_items))]
            pub phone_numbers: Change<Vec<PhoneNumberPattern>>,
            /// Matches callers whose number matches an entry of one of these number lists. Null is the empty list.
            #[oai(validator(max_items = 10, unique_items))]
            pub number_lists: Change<Vec<NumberListSelection>>,
        }

        /// A change of the callers that a criteria matches. Members left out are unchanged.
        #[derive(Debug, Clone, PartialEq, Eq, Default, Object)]
        #[oai(rename_all = "camelCase", deny_unknown_fields)]
        pub struct $from_update {
            /// All callers, or only those that the other members specify. Required for a new criteria.
            pub selection: Option<$selection>,
            /// Matches callers that withhold their number.
            pub include_anonymous_callers: Option<bool>,
            /// Matches callers whose number the network does not have.
            pub include_unavailable_callers: Option<bool>,
            /// Matches callers of the user's organisation (`internal`).
            pub include_internal_callers: Option<bool>,
            /// Matches callers whose number matches one of these patterns; replaces the whole list. Null is the empty
            /// list.
            #[oai(validator(max_items = 500, unique_items))]
            pub phone_numbers: Change<Vec<PhoneNumberPattern>>,
            /// Matches callers whose number matches an entry of one of these number lists; replaces the whole list.
            /// Null is the empty list.
            #[oai(validator(max_items = 10, unique_items))]
            pub number_lists: Change<Vec<NumberListSelection>>,
        }

        /// A criteria.
        #[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
        #[oai(rename_all = "camelCase")]
        #[serde(rename_all = "camelCase")]
        pub struct $criteria {
            /// The name, unique in the user's service.
            pub name: CriteriaName,
            /// A description for people; absent if not set.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub description: Option<CriteriaDescription>,
            /// Whether the criteria is used in decisions.
            pub active: bool,
            /// The start of its validity, inclusive; absent if it has no start.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub valid_from: Option<Instant>,
            /// The end of its validity, exclusive; absent if it has no end.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub valid_until: Option<Instant>,
            /// A summary of the callers for a table: `All calls`, `Forwarded calls`, or the first three of the numbers,
            /// the names of number lists, `Private`, `Unavailable` and `Internal`.
            #[oai(validator(max_length = 100))]
            pub calls_from: String,
            #[doc = $not_performed]
            pub do_not_perform_action: bool,
            /// The callers that the criteria matches.
            pub from_dn_criteria: $from,
            /// The criteria applies only within this time schedule; at all times if absent.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub time_schedule: Option<ScheduleReference>,
            /// The criteria applies only on these holidays; on all days if absent.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub holiday_schedule: Option<ScheduleReference>,
        }

        /// A criteria to create.
        #[derive(Debug, Clone, PartialEq, Eq, Object)]
        #[oai(rename_all = "camelCase", deny_unknown_fields)]
        pub struct $create {
            /// The name, unique in the user's service.
            pub name: CriteriaName,
            /// A description for people.
            pub description: Change<CriteriaDescription>,
            /// Whether the criteria is used in decisions.
            #[oai(default = "yes")]
            pub active: bool,
            /// The start of its validity, inclusive.
            pub valid_from: Change<Instant>,
            /// The end of its validity, exclusive; after `validFrom`.
            pub valid_until: Change<Instant>,
            /// Accepted and ignored, since it is derived.
            pub calls_from: Option<Ignored>,
            #[doc = $not_performed]
            #[oai(default)]
            pub do_not_perform_action: bool,
            /// The callers that the criteria matches.
            pub from_dn_criteria: $from_create,
            /// The criteria applies only within this time schedule.
            pub time_schedule: Change<ScheduleSelection>,
            /// The criteria applies only on these holidays.
            pub holiday_schedule: Change<ScheduleSelection>,
        }

        impl Body for $create {
            fn check(body: &Value, faults: &mut Vec<Fault>) {
                check_schedules(body, "", faults);
            }
        }

        /// A change of a criteria. Members left out are unchanged; null clears.
        #[derive(Debug, Clone, PartialEq, Eq, Default, Object)]
        #[oai(rename_all = "camelCase", deny_unknown_fields)]
        pub struct $update {
            /// Accepted and ignored; the path names the criteria.
            pub name: Option<Ignored>,
            /// The new name.
            pub new_name: Option<CriteriaName>,
            /// A description for people.
            pub description: Change<CriteriaDescription>,
            /// Whether the criteria is used in decisions.
            pub active: Option<bool>,
            /// The start of its validity, inclusive.
            pub valid_from: Change<Instant>,
            /// The end of its validity, exclusive; after `validFrom`.
            pub valid_until: Change<Instant>,
            /// Accepted and ignored, since it is derived.
            pub calls_from: Option<Ignored>,
            #[doc = $not_performed]
            pub do_not_perform_action: Option<bool>,
            /// The callers that the criteria matches.
            pub from_dn_criteria: Option<$from_update>,
            /// The criteria applies only within this time schedule.
            pub time_schedule: Change<ScheduleSelection>,
            /// The criteria applies only on these holidays.
            pub holiday_schedule: Change<ScheduleSelection>,
        }

        impl Body for $update {
            fn check(body: &Value, faults: &mut Vec<Fault>) {
                check_schedules(body, "", faults);
            }
        }

        /// One change of the service: updates the criteria that it names, creates it if it does not exist, or deletes
        /// it.
        #[derive(Debug, Clone, PartialEq, Eq, Object)]
        #[oai(rename_all = "camelCase", deny_unknown_fields)]
        pub struct $change {
            /// The criteria that is changed, created or removed.
            pub name: CriteriaName,
            /// The new name; for an existing criteria.
            pub new_name: Option<CriteriaName>,
            /// True deletes the criteria; the other members are then ignored.
            #[oai(default)]
            pub delete: bool,
            /// A description for people.
            pub description: Change<CriteriaDescription>,
            /// Whether the criteria is used in decisions.
            pub active: Option<bool>,
            /// The start of its validity, inclusive.
            pub valid_from: Change<Instant>,
            /// The end of its validity, exclusive; after `validFrom`.
            pub valid_until: Change<Instant>,
            /// Accepted and ignored, since it is derived.
            pub calls_from: Option<Ignored>,
            #[doc = $not_performed]
            pub do_not_perform_action: Option<bool>,
            /// The callers that the criteria matches; required, with its selection, to create a criteria.
            pub from_dn_criteria: Option<$from_update>,
            /// The criteria applies only within this time schedule.
            pub time_schedule: Change<ScheduleSelection>,
            /// The criteria applies only on these holidays.
            pub holiday_schedule: Change<ScheduleSelection>,
        }

        impl From<shape::FromDnCriteria> for $from {
            fn from(from: shape::FromDnCriteria) -> Self {
                Self {
                    selection: from.selection.into(),
                    include_anonymous_callers: from.include_anonymous_callers,
                    include_unavailable_callers: from.include_unavailable_callers,
                    include_internal_callers: from.include_internal_callers.then_some(true),
                    phone_numbers: from.phone_numbers,
                    number_lists: Some(from.number_lists).filter(|lists| !lists.is_empty()),
                }
            }
        }

        impl From<shape::Criteria> for $criteria {
            fn from(criteria: shape::Criteria) -> Self {
                Self {
                    name: criteria.name,
                    description: criteria.description,
                    active: criteria.active,
                    valid_from: criteria.valid_from,
                    valid_until: criteria.valid_until,
                    calls_from: criteria.calls_from,
                    do_not_perform_action: criteria.do_not_perform_action,
                    from_dn_criteria: criteria.from_dn_criteria.into(),
                    time_schedule: criteria.time_schedule,
                    holiday_schedule: criteria.holiday_schedule,
                }
            }
        }

        impl From<$from_create> for shape::FromDnCriteriaChange {
            fn from(from: $from_create) -> Self {
                Self {
                    selection: Some(from.selection.into()),
                    include_anonymous_callers: Some(from.include_anonymous_callers),
                    include_unavailable_callers: Some(from.include_unavailable_callers),
                    include_internal_callers: Some(from.include_internal_callers),
                    phone_numbers: Some(from.phone_numbers.initial().unwrap_or_default()),
                    number_lists: Some(shape::references(from.number_lists).unwrap_or_default()),
                }
            }
        }

        impl From<$from_update> for shape::FromDnCriteriaChange {
            fn from(from: $from_update) -> Self {
                Self {
                    selection: from.selection.map(Into::into),
                    include_anonymous_callers: from.include_anonymous_callers,
                    include_unavailable_callers: from.include_unavailable_callers,
                    include_internal_callers: from.include_internal_callers,
                    phone_numbers: from.phone_numbers.replaced(),
                    number_lists: shape::references(from.number_lists),
                }
            }
        }

        impl From<$create> for shape::CriteriaChange {
            fn from(create: $create) -> Self {
                Self {
                    name: create.name,
                    new_name: None,
                    delete: false,
                    description: create.description,
                    active: Some(create.active),
                    valid_from: create.valid_from,
                    valid_until: create.valid_until,
                    do_not_perform_action: Some(create.do_not_perform_action),
                    from_dn_criteria: Some(create.from_dn_criteria.into()),
                    time_schedule: create.time_schedule,
                    holiday_schedule: create.holiday_schedule,
                }
            }
        }

        impl From<$change> for shape::CriteriaChange {
            fn from(change: $change) -> Self {
                Self {
                    name: change.name,
                    new_name: change.new_name,
                    delete: change.delete,
                    description: change.description,
                    active: change.active,
                    valid_from: change.valid_from,
                    valid_until: change.valid_until,
                    do_not_perform_action: change.do_not_perform_action,
                    from_dn_criteria: change.from_dn_criteria.map(Into::into),
                    time_schedule: change.time_schedule,
                    holiday_schedule: change.holiday_schedule,
                }
            }
        }

        impl $update {
            /// The same as a change of the criteria `name`.
            fn of(self, name: CriteriaName) -> shape::CriteriaChange {
                shape::CriteriaChange {
                    name,
                    new_name: self.new_name,
                    delete: false,
                    description: self.description,
                    active: self.active,
                    valid_from: self.valid_from,
                    valid_until: self.valid_until,
                    do_not_perform_action: self.do_not_perform_action,
                    from_dn_criteria: self.from_dn_criteria.map(Into::into),
                    time_schedule: self.time_schedule,
                    holiday_schedule: self.holiday_schedule,
                }
            }
        }
    };
}
pub(super) use criteria_schemas;
