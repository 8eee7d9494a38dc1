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
		login("sshd", "ssh_login", "success", "192.0.2.1"), /* says no category */
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

/* A sign-in as any parser tells it. */
static struct record sign_in(const char *module, const char *action, const char *outcome,
	const char *address, const char *user)
{
	struct record record = login(module, action, outcome, address);

	ck_assert(
		record_add(&record, &batch.arena, FIELD_EVENT_CATEGORY, SLICE_LIT("network")));
	ck_assert(record_add(
		&record, &batch.arena, FIELD_EVENT_CATEGORY, SLICE_LIT("authentication")));
	ck_assert(record_add(&record, &batch.arena, FIELD_USER_NAME, slice_str(user)));
	return record;
}

struct expected {
	unsigned rule; /* 0 = none */
	struct slice group;
};

#define GROUP(text)                                                                            \
	{                                                                                      \
		SLICE_BYTES("12\0"                                                             \
			    "4000000000\0" text)                                               \
	}

static void check_matches(
	struct record *records, const struct expected *expected, unsigned n_records)
{
	batch.records = records;
	batch.n_records = n_records;
	ck_assert_uint_eq(match_batch(&batch), 0);
	for (unsigned i = 0; i < n_records; i++) {
		ck_assert_msg(records[i].n_matches == (expected[i].rule > 0), "record %u", i);
		if (expected[i].rule == 0)
			continue;
		ck_assert_uint_eq(records[i].matches[0].rule, expected[i].rule);
		ck_assert_slice_eq(records[i].matches[0].group, expected[i].group);
	}
}

START_TEST(failed_sign_ins_of_every_program_match_by_what_they_mean)
{
	batch_init(&batch);
	struct record records[] = {
		sign_in("windows", "logon-failed", "failure", "192.0.2.1", "An"),
		sign_in("postgresql", "database_login", "failure", "192.0.2.1", "an"),
		sign_in("openvpn", "vpn_login", "failure", "192.0.2.1", NULL),
		sign_in("pam", "pam_authentication", "failure", "192.0.2.1", "an"),
		sign_in("windows", "credential-validated", "failure", NULL, "AN"),
		sign_in("su", "su", "failure", NULL, "an"),
		sign_in("pam", "pam_authentication", "failure", NULL, "an"),
		sign_in("auditd", "authenticated", "failure", NULL, "an"),
		sign_in("webapps", "web_login", "failure", NULL, NULL),
		sign_in("webapps", "web_login", "unknown", "192.0.2.1", "an"),
		login("nginx", "web_request", "failure", "192.0.2.1"),
	};
	static const struct expected expected[] = {
		{MATCH_FAILED_SIGN_IN, GROUP("windows\0"
					     "logon-failed\0"
					     "192.0.2.1")},
		{MATCH_FAILED_SIGN_IN, GROUP("postgresql\0"
					     "database_login\0"
					     "192.0.2.1")},
		{MATCH_FAILED_SIGN_IN, GROUP("openvpn\0"
					     "vpn_login\0"
					     "192.0.2.1")},
		{MATCH_FAILED_SIGN_IN, GROUP("pam\0"
					     "pam_authentication\0"
					     "192.0.2.1")},
		{MATCH_FAILED_SIGN_IN_OF_USER, GROUP("windows\0"
						     "credential-validated\0"
						     "an")},
		{MATCH_FAILED_SIGN_IN_OF_USER, GROUP("su\0"
						     "su\0"
						     "an")},
		{0},
		{0},
		{0},
		{0},
		{0},
	};

	check_matches(records, expected, ARRAY_LEN(records));
	batch_done(&batch);
}
END_TEST

START_TEST(sign_ins_that_succeed_match_and_sign_offs_do_not)
{
	batch_init(&batch);
	struct record records[] = {
		sign_in("sshd", "ssh_login", "success", "192.0.2.1", "an"),
		sign_in("windows", "logged-in", "success", "192.0.2.1", "An"),
		sign_in("postgresql", "database_login", "success", NULL, "An"),
		sign_in("fortinet", "logout", "success", "192.0.2.1", "an"),
	};
	static const struct expected expected[] = {
		{MATCH_SIGN_IN, GROUP("192.0.2.1")},
		{MATCH_SIGN_IN, GROUP("192.0.2.1")},
		{MATCH_SIGN_IN_OF_USER, GROUP("an")},
		{0},
	};

	ck_assert(record_add(&records[3], &batch.arena, FIELD_EVENT_TYPE, SLICE_LIT("end")));
	check_matches(records, expected, ARRAY_LEN(records));
	batch_done(&batch);
}
END_TEST

/* Names come from whoever signs in: long ones, and such with NUL in them, make no other group.
 */
START_TEST(a_group_keeps_its_form_whatever_a_name_is)
{
	static char name[3000];

	memset(name, 'x', sizeof(name) - 1);
	batch_init(&batch);
	struct record records[] = {
		sign_in("su", "su", "failure", NULL, name),
		sign_in("su", "su", "failure", NULL, NULL),
	};
	ck_assert(record_add(&records[1], &batch.arena, FIELD_USER_NAME,
		slice_of("a\0"
			 "b",
			3)));
	batch.records = records;
	batch.n_records = ARRAY_LEN(records);
	ck_assert_uint_eq(match_batch(&batch), 0);
	ck_assert_slice_eq(match_subject(&records[0].matches[0]), slice_of(name, 64));
	ck_assert_slice_eq(match_subject(&records[1].matches[0]), SLICE_LIT("a b"));
	batch_done(&batch);
}
END_TEST

static struct slice conceal(void *user, struct arena *arena, struct slice value)
{
	unsigned *left = user;

	ck_assert_slice_eq(value, SLICE_LIT("an@x.vn"));
	return (*left)-- > 0 ? arena_copy(arena, SLICE_LIT("token")) : SLICE_NONE;
}

START_TEST(what_masking_took_away_goes_from_groups_as_well)
{
	unsigned left = 1;

	batch_init(&batch);
	struct record records[] = {
		sign_in("su", "su", "failure", NULL, "An@x.vn"),
		sign_in("su", "su", "failure", NULL, "An@x.vn"),
		sign_in("su", "su", "failure", NULL, "An@x.vn"),
		sign_in("su", "su", "failure", NULL, "Binh"),
	};
	batch.records = records;
	batch.n_records = ARRAY_LEN(records);
	ck_assert_uint_eq(match_batch(&batch), 0);
	for (unsigned i = 0; i < ARRAY_LEN(records); i++)
		records[i].flags |= RECORD_MASKED;
	ck_assert(record_set(&records[0], &batch.arena, FIELD_USER_NAME, SLICE_LIT("*******")));
	records[1].flags = 0;    /* nothing was */
	records[2].n_fields = 0; /* its line was lost, and there is no room */
	ck_assert_uint_eq(match_conceal_batch(&batch, conceal, &left), 1);
	ck_assert_slice_eq(records[0].matches[0].group, ((struct slice)GROUP("su\0"
									     "su\0"
									     "token")));
	ck_assert_slice_eq(match_subject(&records[1].matches[0]), SLICE_LIT("an@x.vn"));
	ck_assert_uint_eq(records[2].n_matches, 0);
	ck_assert_slice_eq(match_subject(&records[3].matches[0]), SLICE_LIT("binh"));
	batch_done(&batch);
}
END_TEST

/* What a sender calls an action may be anything. */
START_TEST(what_masking_took_from_an_action_goes_from_groups_as_well)
{
	batch_init(&batch);
	struct record record =
		sign_in("json", "login password=Hunter2Secret", "failure", "192.0.2.7", "an");
	batch.records = &record;
	batch.n_records = 1;
	ck_assert_uint_eq(match_batch(&batch), 0);
	ck_assert_uint_eq(record.n_matches, 1);
	record.flags |= RECORD_MASKED;
	ck_assert(record_set(&record, &batch.arena, FIELD_EVENT_ACTION,
		SLICE_LIT("login password=*******")));
	ck_assert_uint_eq(match_conceal_batch(&batch, conceal, NULL), 0);
	ck_assert_slice_eq(
		record.matches[0].group, ((struct slice)GROUP("json\0"
							      "login password=*******\0"
							      "192.0.2.7")));
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
	failed_sign_ins_of_every_program_match_by_what_they_mean,
	sign_ins_that_succeed_match_and_sign_offs_do_not,
	a_group_keeps_its_form_whatever_a_name_is,
	what_masking_took_away_goes_from_groups_as_well,
	what_masking_took_from_an_action_goes_from_groups_as_well, a_match_without_room_is_told,
	rules_have_names)
