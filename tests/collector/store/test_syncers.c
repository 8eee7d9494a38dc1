#include "collector/store/syncers.h"

#include "tests/support/check.h"
#include "tests/support/folder.h"

static struct folder folder;
static struct seglog *logs[STORE_CLASSES];

static void open_logs(void)
{
	struct err err = {0};

	folder_make(&folder);
	for (unsigned i = 0; i < STORE_CLASSES; i++) {
		const char name[] = {(char)('1' + i), '\0'};
		const struct seglog_settings settings = {
			.dir = folder_path(&folder, name), .segment_size = 1 << 20};
		struct seglog_damage damage;

		logs[i] = seglog_open(&settings, &damage, &err);
		ck_assert_msg(logs[i] != NULL, "%s", err.text);
	}
}

static void close_logs(void)
{
	for (unsigned i = 0; i < STORE_CLASSES; i++)
		seglog_close(logs[i]);
	folder_remove(&folder);
}

static struct syncers *start(void)
{
	struct err err = {0};
	struct syncers *syncers = syncers_start(&err);

	ck_assert_msg(syncers != NULL, "%s", err.text);
	return syncers;
}

static void append(unsigned i)
{
	const struct slice payload = SLICE_LIT("payload");
	struct err err = {0};

	ck_assert_int_eq(seglog_append(logs[i], 1, 1, &payload, 1, &err), SEGLOG_OK);
}

START_TEST(every_log_given_is_durable_afterwards)
{
	struct syncers *syncers = start();

	open_logs();
	for (unsigned round = 0; round < 1u << STORE_CLASSES; round++) {
		struct sync_job jobs[STORE_CLASSES] = {0};

		for (unsigned i = 0; i < STORE_CLASSES; i++) {
			append(i);
			jobs[i].log = round >> i & 1 ? logs[i] : NULL;
			jobs[i].status = SEGLOG_FAILED;
		}
		syncers_run(syncers, jobs);
		for (unsigned i = 0; i < STORE_CLASSES; i++) {
			bool given = jobs[i].log != NULL;

			ck_assert_int_eq(jobs[i].status, given ? SEGLOG_OK : SEGLOG_FAILED);
			if (given)
				ck_assert_uint_eq(seglog_durable(logs[i]), round + 1);
			else
				ck_assert_uint_le(seglog_durable(logs[i]), round);
		}
	}
	syncers_stop(syncers);
	close_logs();
}
END_TEST

START_TEST(they_start_and_stop_without_work)
{
	for (unsigned i = 0; i < 20; i++)
		syncers_stop(start());
	syncers_stop(NULL);
}
END_TEST

TEST_MAIN("syncers", every_log_given_is_durable_afterwards, they_start_and_stop_without_work)
