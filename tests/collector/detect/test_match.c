#include "collector/detect/match.h"

#include "tests/support/check.h"

static struct batch batch;

static struct record login(
	const char *module, const char *action, const char *outcome, const char *address)
{
	struct record record = {.agency = 12, .host = 4000000000u, .kind = RECORD_LOG};

	ck_assert(record_add(&record, &batch.arena, FIELD_EVENT_MODULE, slice_str(module)));
	ck_assert(record_add(&record, &batch.arena, FIELD_EVENT_ACTION, slice_str(action)));
	ck_assert(record_add(&record, &batch.arena, FIELD_EVENT_OUTCOME, slice_str(outcome)));
	ck_assert(record_add(&record, &batch.arena, FIELD_SOURCE_IP, slice_str(address)));
	return record;
}

START_TEST(failed_ssh_logins_match_by_agency_host_and_address)
{
	batch_init(&batch);
	struct record records[] = {
		login("sshd", "ssh_login", "failure", "192.0.2.1"),
		login("sshd", "ssh_invalid_user", "failure", "2001:db8::1"),
		login("sshd", "ssh_login", "success", "192.0.2.1"),
		login("json", "ssh_login", "failure", "192.0.2.1"),
		login("sshd", "ssh_login", "failure", NULL),
	};

	batch.records = records;
	batch.n_records = ARRAY_LEN(records);
	ck_assert_uint_eq(match_batch(&batch), 0);
	ck_assert_uint_eq(records[0].n_matches, 1);
	ck_assert_uint_eq(records[0].matches[0].rule, MATCH_SSH_FAILED_LOGIN);
	ck_assert_slice_eq(records[0].matches[0].group, SLICE_LIT("12\0"
								  "4000000000\0"
								  "192.0.2.1"));
	ck_assert_slice_eq(records[1].matches[0].group, SLICE_LIT("12\0"
								  "4000000000\0"
								  "2001:db8::1"));
	for (unsigned i = 2; i < ARRAY_LEN(records); i++)
		ck_assert_uint_eq(records[i].n_matches, 0);
	batch_done(&batch);
}
END_TEST

START_TEST(a_match_without_room_is_told)
{
	batch_init(&batch);
	struct record record = login("sshd", "ssh_login", "failure", "192.0.2.1");
	struct arena full = batch.arena;

	batch.records = &record;
	batch.n_records = 1;
	arena_init(&batch.arena, 1);
	ck_assert_uint_eq(match_batch(&batch), 1);
	ck_assert_uint_eq(record.n_matches, 0);
	arena_done(&batch.arena);
	batch.arena = full;
	batch_done(&batch);
}
END_TEST

START_TEST(rules_have_names)
{
	ck_assert_slice_eq(
		match_rule_name(MATCH_SSH_FAILED_LOGIN), SLICE_LIT("ssh-failed-login"));
	ck_assert(slice_absent(match_rule_name(0)));
}
END_TEST

TEST_MAIN("match", failed_ssh_logins_match_by_agency_host_and_address,
	a_match_without_room_is_told, rules_have_names)
