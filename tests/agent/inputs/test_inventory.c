#include "agent/inputs/inventory.h"

#include <event2/event.h>
#include <yyjson.h>

#include "agent/inputs/inventory_parts.h"
#include "agent/settings.h"
#include "common/clock.h"
#include "common/conf.h"
#include "tests/agent/inputs/fake_intake.h"
#include "tests/support/check.h"
#include "tests/support/folder.h"

enum { PATIENCE_MS = 20000 };

struct bench {
	struct folder folder;
	struct intake intake;
	struct event_base *base;
	struct agent_settings settings;
	void *input;
	yyjson_doc *doc;
};

static void put_file(struct bench *bench, const char *path, const char *text)
{
	char folder[PATH_MAX];
	struct err err;

	snprintf(folder, sizeof(folder), "%s", folder_path(&bench->folder, path));
	*strrchr(folder, '/') = '\0';
	ck_assert_msg(file_make_dirs(folder, 0700, &err), "%s", err.text);
	folder_replace(&bench->folder, path, text);
}

static void put_link(struct bench *bench, const char *path, const char *to)
{
	put_file(bench, path, "");
	ck_assert_int_eq(unlink(folder_path(&bench->folder, path)), 0);
	ck_assert_int_eq(symlink(to, folder_path(&bench->folder, path)), 0);
}

static void bench_init(struct bench *bench)
{
	memset(bench, 0, sizeof(*bench));
	folder_make(&bench->folder);
	fake_intake_init(&bench->intake);
	bench->base = event_base_new();
	bench->settings.inventory = (struct inventory_settings){.on = true,
		.root = bench->folder.path,
		.every_ms = 43200000,
		.look_ms = 600000};
}

static void bench_start(struct bench *bench)
{
	struct err err;

	bench->input =
		inventory_input.start(&bench->settings, bench->base, &bench->intake, &err);
	ck_assert_msg(bench->input != NULL, "%s", err.text);
	inventory_input.begin(bench->input);
}

static void bench_stop(struct bench *bench)
{
	if (bench->input != NULL)
		inventory_input.stop(bench->input);
	bench->input = NULL;
}

static void bench_done(struct bench *bench)
{
	bench_stop(bench);
	yyjson_doc_free(bench->doc);
	event_base_free(bench->base);
	fake_intake_done(&bench->intake);
	folder_remove(&bench->folder);
}

static void expect_items(struct bench *bench, size_t n)
{
	int64_t end_ms = clock_mono_ms() + PATIENCE_MS;

	while (bench->intake.n_items < n && clock_mono_ms() < end_ms)
		event_base_loop(bench->base, EVLOOP_ONCE);
	ck_assert_uint_eq(bench->intake.n_items, n);
}

/* The inventory of the folder, reported after a start. */
static yyjson_val *report_of(struct bench *bench)
{
	size_t n = bench->intake.n_items;

	bench_stop(bench);
	bench_start(bench);
	expect_items(bench, n + 1);
	const struct fake_item *item = &bench->intake.items[n];
	ck_assert_uint_eq(item->kind, ITEM_INVENTORY);
	ck_assert_uint_eq(item->lane, LANE_BULK);
	ck_assert_uint_le(item->len, 64 << 10);
	yyjson_doc_free(bench->doc);
	bench->doc = yyjson_read(item->bytes, item->len, 0);
	ck_assert_msg(bench->doc != NULL, "%s", item->bytes);
	return yyjson_doc_get_root(bench->doc);
}

static const char *text_of(yyjson_val *object, const char *key)
{
	const char *text = yyjson_get_str(yyjson_obj_get(object, key));

	return text ? text : "(none)";
}

static bool is_named(yyjson_val *report, const char *list, const char *name)
{
	yyjson_val *item;
	size_t i, n;

	yyjson_arr_foreach(yyjson_obj_get(report, list), i, n, item)
	{
		if (strcmp(yyjson_get_str(item), name) == 0)
			return true;
	}
	return false;
}

/* ---- what it says -------------------------------------------------------------------- */

START_TEST(a_host_is_described)
{
	struct bench bench;

	bench_init(&bench);
	put_file(&bench, "etc/os-release",
		"NAME=\"Debian GNU/Linux\"\nVERSION_ID='12'\n# x\nID=debian\n"
		"PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n");
	put_file(&bench, "proc/sys/kernel/hostname", "web1\n");
	put_file(&bench, "etc/hosts",
		"127.0.0.1 localhost\n10.0.0.5\tweb1.so.hue.gov.vn web1\n");
	put_file(&bench, "proc/sys/kernel/osrelease", "6.1.0-18-amd64\n");
	put_file(&bench, "proc/sys/kernel/random/boot_id",
		"b5d9c4a0-6b0e-4c9a-9d55-0f8ef1a2b3c4\n");
	put_file(&bench, "proc/uptime", "12345.67 99.0\n");
	yyjson_val *report = report_of(&bench);
	ck_assert_str_eq(text_of(report, "event.action"), "inventory");
	ck_assert_str_eq(text_of(report, "host.os.name"), "Debian GNU/Linux");
	ck_assert_str_eq(text_of(report, "host.os.version"), "12");
	ck_assert_str_eq(text_of(report, "host.os.platform"), "debian");
	ck_assert_str_eq(text_of(report, "host.os.full"), "Debian GNU/Linux 12 (bookworm)");
	ck_assert_str_eq(text_of(report, "host.os.kernel"), "6.1.0-18-amd64");
	ck_assert_str_eq(text_of(report, "host.hostname"), "web1");
	ck_assert_str_eq(text_of(report, "host.name"), "web1.so.hue.gov.vn");
	ck_assert_str_eq(
		text_of(report, "host.boot.id"), "b5d9c4a0-6b0e-4c9a-9d55-0f8ef1a2b3c4");
	ck_assert_str_eq(text_of(report, "agent.version"), SOC_VERSION);
	ck_assert_uint_eq(yyjson_get_uint(yyjson_obj_get(report, "host.uptime")), 12345);
	ck_assert(yyjson_is_arr(yyjson_obj_get(report, "host.ip")));
	ck_assert(yyjson_is_arr(yyjson_obj_get(report, "host.mac")));
	bench_done(&bench);
}
END_TEST

START_TEST(what_is_not_known_is_named_and_not_guessed)
{
	static const char *const names[] = {"host.hostname", "host.name", "host.os.name",
		"host.os.version", "host.os.full", "host.os.kernel", "host.boot.id",
		"host.uptime", "soc.packages.manager", "soc.packages.count",
		"soc.packages.updated", "soc.listening"};
	struct bench bench;

	bench_init(&bench);
	yyjson_val *report = report_of(&bench);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		ck_assert_msg(yyjson_obj_get(report, names[i]) == NULL, "%s", names[i]);
		ck_assert_msg(is_named(report, "soc.unknown", names[i]), "%s", names[i]);
	}
	ck_assert_uint_eq(yyjson_arr_size(yyjson_obj_get(report, "soc.antivirus")), 0);
	bench_done(&bench);
}
END_TEST

START_TEST(packages_are_counted)
{
	const struct timespec stamps[2] = {{.tv_sec = 1700000000}, {.tv_sec = 1700000000}};
	struct bench bench;

	bench_init(&bench);
	put_file(&bench, "var/lib/dpkg/status",
		"Package: a\nStatus: install ok installed\nDescription: x\n"
		" Status: install ok installed\n\nPackage: b\nStatus: hold ok installed\n\n"
		"Package: c\nStatus: deinstall ok config-files\n\n"
		"Package: d\nStatus: install ok installed");
	ck_assert_int_eq(utimensat(AT_FDCWD, folder_path(&bench.folder, "var/lib/dpkg/status"),
				 stamps, 0),
		0);
	yyjson_val *report = report_of(&bench);
	ck_assert_str_eq(text_of(report, "soc.packages.manager"), "dpkg");
	ck_assert_str_eq(text_of(report, "soc.packages.updated"), "2023-11-14T22:13:20Z");
	/* The last line has no end: dpkg writes whole files. */
	ck_assert_uint_eq(yyjson_get_uint(yyjson_obj_get(report, "soc.packages.count")), 2);
	bench_done(&bench);
}
END_TEST

START_TEST(many_packages_are_counted_over_blocks)
{
	struct strbuf text = STRBUF_INIT(4 << 20);
	struct bench bench;

	for (int i = 0; i < 20000; i++)
		strbuf_addf(&text, "Package: p%d\nStatus: install ok installed\n\n", i);
	for (int i = 0; i < 200000; i++)
		strbuf_add_byte(&text, 'x');
	strbuf_add_str(&text, "\nStatus: install ok installed\n");
	bench_init(&bench);
	put_file(&bench, "var/lib/dpkg/status", strbuf_cstr(&text));
	ck_assert_uint_eq(
		yyjson_get_uint(yyjson_obj_get(report_of(&bench), "soc.packages.count")),
		20001);
	strbuf_done(&text);
	bench_done(&bench);
}
END_TEST

START_TEST(a_database_that_is_not_ours_to_read_has_no_count)
{
	struct bench bench;

	bench_init(&bench);
	put_file(&bench, "var/lib/rpm/rpmdb.sqlite", "SQLite");
	yyjson_val *report = report_of(&bench);
	ck_assert_str_eq(text_of(report, "soc.packages.manager"), "rpm");
	ck_assert_str_ne(text_of(report, "soc.packages.updated"), "(none)");
	ck_assert(is_named(report, "soc.unknown", "soc.packages.count"));
	bench_done(&bench);
}
END_TEST

#define TCP_HEAD                                                                               \
	"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"

static void put_tables(struct bench *bench)
{
	put_file(bench, "proc/net/tcp",
		TCP_HEAD
		"   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000 "
		"    0        0 111 1 0 100\n"
		"   1: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000 "
		"  105        0 222 1 0 100\n"
		"   2: 0500000A:0016 0600000A:C000 01 00000000:00000000 00:00000000 00000000 "
		"    0        0 333 1 0 100\n"
		"   3: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000 "
		"    0        0 444 1 0 100\n");
	put_file(bench, "proc/net/tcp6",
		TCP_HEAD "   0: 00000000000000000000000000000000:0016 "
			 "00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 555 1 0\n"
			 "   1: B80D0120000000000000000001000000:01BB "
			 "00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 666 1 0\n");
	put_file(bench, "proc/net/udp",
		TCP_HEAD "  10: 00000000:0035 00000000:0000 07 0:0 0:0 0 0 0 777 2 0 0\n"
			 "  11: 0500000A:A000 08080808:0035 01 0:0 0:0 0 0 0 888 2 0 0\n"
			 "  12: 00000000:B000 00000000:0000 07 0:0 0:0 0 0 0 999 2 0 0\n"
			 "  13: 00000000:EE49 00000000:0000 07 0:0 0:0 0 0 0 998 2 0 0\n");
	put_file(bench, "proc/100/comm", "sshd\n");
	put_link(bench, "proc/100/fd/3", "socket:[111]");
	put_link(bench, "proc/100/fd/4", "socket:[555]");
	put_link(bench, "proc/100/fd/5", "/dev/null");
	put_file(bench, "proc/200/comm", "a\"\xff b\n");
	put_link(bench, "proc/200/fd/9", "socket:[777]");
}

static void expect_socket(yyjson_val *list, size_t i, const char *transport, const char *ip,
	unsigned port, const char *process)
{
	yyjson_val *socket = yyjson_arr_get(list, i);

	ck_assert_ptr_nonnull(socket);
	ck_assert_str_eq(text_of(socket, "transport"), transport);
	ck_assert_str_eq(text_of(socket, "ip"), ip);
	ck_assert_uint_eq(yyjson_get_uint(yyjson_obj_get(socket, "port")), port);
	ck_assert_str_eq(text_of(socket, "process"), process);
}

START_TEST(listening_sockets_have_owners)
{
	struct bench bench;

	bench_init(&bench);
	put_tables(&bench);
	yyjson_val *list = yyjson_obj_get(report_of(&bench), "soc.listening");
	ck_assert_uint_eq(yyjson_arr_size(list), 7);
	expect_socket(list, 0, "tcp", "0.0.0.0", 22, "sshd");
	expect_socket(list, 1, "tcp", "::", 22, "sshd");
	expect_socket(list, 2, "tcp", "2001:db8::1", 443, "(none)");
	expect_socket(list, 3, "tcp", "127.0.0.1", 5432, "(none)");
	expect_socket(list, 4, "udp", "0.0.0.0", 53, "a\"\xef\xbf\xbd b");
	expect_socket(list, 5, "udp", "0.0.0.0", 61001, "(none)");
	expect_socket(list, 6, "udp", "0.0.0.0", 0xb000, "(none)");
	bench_done(&bench);
}
END_TEST

START_TEST(too_many_sockets_are_cut_and_that_is_said)
{
	struct strbuf text = STRBUF_INIT(1 << 20);
	struct bench bench;

	strbuf_add_str(&text, TCP_HEAD);
	for (unsigned i = 1; i <= 3000; i++)
		strbuf_addf(&text, " %u: 00000000:%04X 00000000:0000 0A 0:0 0:0 0 0 0 %u 1 0\n",
			i, i, i);
	bench_init(&bench);
	put_file(&bench, "proc/net/tcp", strbuf_cstr(&text));
	yyjson_val *report = report_of(&bench);
	ck_assert_uint_eq(yyjson_arr_size(yyjson_obj_get(report, "soc.listening")),
		INVENTORY_LISTENING_MAX);
	ck_assert(is_named(report, "soc.cut", "soc.listening"));
	strbuf_done(&text);
	bench_done(&bench);
}
END_TEST

START_TEST(protection_is_told)
{
	struct bench bench;

	bench_init(&bench);
	put_file(&bench, "usr/sbin/clamd", "");
	put_file(&bench, "proc/7/comm", "clamd\n");
	put_file(&bench, "var/lib/clamav/main.cvd",
		"ClamAV-VDB:16 Sep 2021 12-32 +0000:62:6647427:90:md5:sig:sigmgr:1631795562  "
		" ");
	put_file(&bench, "var/lib/clamav/daily.cld",
		"ClamAV-VDB:14 Nov 2023 09-26 "
		"+0000:27093:2044441:90:md5:sig:raynman:1700000000 ");
	put_file(&bench, "opt/eset/x", "");
	put_file(&bench, "etc/ufw/ufw.conf", "# ENABLED=no\nENABLED=yes\n");
	put_file(&bench, "etc/ufw/user.rules",
		"*filter\n### tuple ### allow any 22 ::/0 any\n-A x\n### tuple ### deny any\n");
	put_file(&bench, "usr/sbin/firewalld", "");
	put_file(&bench, "proc/modules", "nf_tables 372736 12 nft_compat, Live 0x0\n");
	put_file(&bench, "proc/net/ip_tables_names", "filter\n");
	yyjson_val *report = report_of(&bench);

	yyjson_val *list = yyjson_obj_get(report, "soc.antivirus");
	ck_assert_uint_eq(yyjson_arr_size(list), 2);
	ck_assert_str_eq(text_of(yyjson_arr_get(list, 0), "name"), "ClamAV");
	ck_assert_str_eq(
		text_of(yyjson_arr_get(list, 0), "signatures"), "2023-11-14T22:13:20Z");
	ck_assert(yyjson_is_true(yyjson_obj_get(yyjson_arr_get(list, 0), "running")));
	ck_assert_str_eq(text_of(yyjson_arr_get(list, 1), "name"), "ESET");
	ck_assert(yyjson_is_false(yyjson_obj_get(yyjson_arr_get(list, 1), "running")));

	list = yyjson_obj_get(report, "soc.firewall");
	ck_assert_uint_eq(yyjson_arr_size(list), 4);
	ck_assert_str_eq(text_of(yyjson_arr_get(list, 0), "kind"), "nftables");
	ck_assert_ptr_null(yyjson_obj_get(yyjson_arr_get(list, 0), "active"));
	ck_assert_str_eq(text_of(yyjson_arr_get(list, 1), "kind"), "iptables");
	ck_assert(yyjson_is_true(yyjson_obj_get(yyjson_arr_get(list, 1), "active")));
	ck_assert_str_eq(text_of(yyjson_arr_get(list, 2), "kind"), "ufw");
	ck_assert(yyjson_is_true(yyjson_obj_get(yyjson_arr_get(list, 2), "active")));
	ck_assert_uint_eq(yyjson_get_uint(yyjson_obj_get(yyjson_arr_get(list, 2), "rules")), 2);
	ck_assert_str_eq(text_of(yyjson_arr_get(list, 3), "kind"), "firewalld");
	ck_assert(yyjson_is_false(yyjson_obj_get(yyjson_arr_get(list, 3), "active")));
	bench_done(&bench);
}
END_TEST

START_TEST(hostile_files_are_unknown)
{
	char long_name[700];
	struct bench bench;

	bench_init(&bench);
	put_link(&bench, "etc/os-release", "/dev/zero");
	put_file(&bench, "usr/lib/x", "");
	ck_assert_int_eq(mkfifo(folder_path(&bench.folder, "usr/lib/os-release"), 0600), 0);
	put_link(&bench, "proc/sys/kernel/osrelease", "/proc/self/mem");
	memset(long_name, 'h', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	put_file(&bench, "proc/sys/kernel/hostname", long_name);
	put_file(&bench, "proc/uptime", "99999999999999999999.1");
	put_file(&bench, "proc/sys/kernel/random/boot_id", "\xff\x01\"\n");
	put_file(&bench, "proc/net/tcp",
		TCP_HEAD "0: 0:0 0:0 0A\nx\n\n 0: ZZ000000:0016 00000000:0000 0A 0 0 0 0 0 1\n"
			 " 0: 00000000:00166 00000000:0000 0A 0 0 0 0 0 1\n"
			 " 0: 00000000:0016 00000000:0000 0A 0 0 0 0 0 -1\n");
	put_file(&bench, "var/lib/clamav/daily.cvd", "ClamAV-VDB:::::::::");
	put_file(&bench, "usr/sbin/clamd", "");
	put_file(&bench, "proc/net/ip_tables_names", "");
	yyjson_val *report = report_of(&bench);
	ck_assert(is_named(report, "soc.unknown", "host.os.name"));
	ck_assert(is_named(report, "soc.unknown", "host.os.kernel"));
	ck_assert(is_named(report, "soc.unknown", "host.uptime"));
	ck_assert(is_named(report, "soc.cut", "host.hostname"));
	ck_assert_uint_eq(strlen(text_of(report, "host.hostname")), 256);
	ck_assert_str_eq(text_of(report, "host.boot.id"), "\xef\xbf\xbd\x01\"");
	ck_assert_uint_eq(yyjson_arr_size(yyjson_obj_get(report, "soc.listening")), 0);
	yyjson_val *list = yyjson_obj_get(report, "soc.antivirus");
	ck_assert_ptr_null(yyjson_obj_get(yyjson_arr_get(list, 0), "signatures"));
	bench_done(&bench);
}
END_TEST

START_TEST(links_stay_below_the_root)
{
	struct bench bench;

	bench_init(&bench);
	put_file(&bench, "lib/release", "NAME=inside\n");
	put_link(&bench, "etc/os-release", "/lib/release");
	ck_assert_str_eq(text_of(report_of(&bench), "host.os.name"), "inside");
	bench_done(&bench);
}
END_TEST

START_TEST(this_host_can_be_described)
{
	struct bench bench;

	bench_init(&bench);
	bench.settings.inventory.root = "/";
	yyjson_val *report = report_of(&bench);
	ck_assert_str_ne(text_of(report, "host.os.kernel"), "(none)");
	ck_assert_str_ne(text_of(report, "host.hostname"), "(none)");
	bench_done(&bench);
}
END_TEST

/* ---- when it is said ------------------------------------------------------------------- */

START_TEST(orders_are_carried_out_but_not_at_once_again)
{
	const struct frame_order report = {.order = ORDER_REPORT}, scan = {.order = ORDER_SCAN};
	struct bench bench;

	bench_init(&bench);
	bench_start(&bench);
	expect_items(&bench, 1);
	ck_assert(!inventory_input.order(bench.input, &scan));
	for (int i = 0; i < 3; i++) {
		ck_assert(inventory_input.order(bench.input, &report));
		event_base_loop(bench.base, EVLOOP_NONBLOCK);
	}
	ck_assert_uint_eq(bench.intake.n_items, 1);
	bench_done(&bench);
}
END_TEST

START_TEST(a_report_waits_for_room)
{
	struct bench bench;

	bench_init(&bench);
	bench.intake.refuse_after = 0;
	bench_start(&bench);
	while (!bench.intake.refused)
		event_base_loop(bench.base, EVLOOP_ONCE);
	bench.intake.refuse_after = SIZE_MAX;
	inventory_input.resume(bench.input);
	expect_items(&bench, 1);
	inventory_input.resume(bench.input);
	event_base_loop(bench.base, EVLOOP_NONBLOCK);
	ck_assert_uint_eq(bench.intake.n_items, 1);
	bench_done(&bench);
}
END_TEST

/* What the hash of changes is made of. */
static size_t stable_len(struct bench *bench, struct strbuf *text)
{
	struct listening sockets[INVENTORY_LISTENING_MAX];
	struct inventory_report report;
	bool known, cut;
	int root = open(bench->folder.path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	ck_assert_int_ge(root, 0);
	size_t n = inventory_listening_look(root, sockets, &known, &cut);
	inventory_report_begin(&report, root);
	inventory_listening(&report, sockets, n, cut);
	inventory_uptime(&report);
	inventory_report_end(&report);
	strbuf_reset(text);
	strbuf_add(text, strbuf_slice(&report.text));
	size_t len = report.stable_len;
	inventory_report_done(&report);
	close(root);
	return len;
}

START_TEST(uptime_and_passing_ports_are_no_change)
{
	struct strbuf before = STRBUF_INIT(64 << 10), after = STRBUF_INIT(64 << 10);
	struct bench bench;

	bench_init(&bench);
	put_tables(&bench);
	put_file(&bench, "proc/uptime", "100.0 1\n");
	size_t len = stable_len(&bench, &before);
	put_file(&bench, "proc/uptime", "200.0 1\n");
	put_file(&bench, "proc/net/udp",
		TCP_HEAD "  10: 00000000:0035 00000000:0000 07 0:0 0:0 0 0 0 777 2 0 0\n"
			 "  12: 00000000:B001 00000000:0000 07 0:0 0:0 0 0 0 999 2 0 0\n"
			 "  13: 00000000:EE49 00000000:0000 07 0:0 0:0 0 0 0 998 2 0 0\n");
	ck_assert_uint_eq(stable_len(&bench, &after), len);
	ck_assert_mem_eq(before.ptr, after.ptr, len);
	ck_assert(!slice_eq(strbuf_slice(&before), strbuf_slice(&after)));
	put_file(&bench, "proc/net/udp",
		TCP_HEAD "  10: 00000000:0036 00000000:0000 07 0:0 0:0 0 0 0 777 2 0 0\n"
			 "  13: 00000000:EE49 00000000:0000 07 0:0 0:0 0 0 0 998 2 0 0\n");
	ck_assert_uint_eq(stable_len(&bench, &after), len);
	ck_assert(memcmp(before.ptr, after.ptr, len) != 0);
	strbuf_done(&before);
	strbuf_done(&after);
	bench_done(&bench);
}
END_TEST

START_TEST(it_can_be_turned_off_and_a_missing_root_is_an_error)
{
	struct agent_settings settings = {.inventory = {.on = false}};
	struct err err;

	ck_assert_ptr_null(inventory_input.start(&settings, NULL, NULL, &err));
	ck_assert_str_eq(err.text, "");
	settings.inventory = (struct inventory_settings){.on = true, .root = "/no/such/root"};
	ck_assert_ptr_null(inventory_input.start(&settings, NULL, NULL, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "/no/such/root"));
}
END_TEST

TEST_MAIN("inventory", a_host_is_described, what_is_not_known_is_named_and_not_guessed,
	packages_are_counted, many_packages_are_counted_over_blocks,
	a_database_that_is_not_ours_to_read_has_no_count, listening_sockets_have_owners,
	too_many_sockets_are_cut_and_that_is_said, protection_is_told,
	hostile_files_are_unknown, links_stay_below_the_root, this_host_can_be_described,
	orders_are_carried_out_but_not_at_once_again, a_report_waits_for_room,
	uptime_and_passing_ports_are_no_change,
	it_can_be_turned_off_and_a_missing_root_is_an_error)
