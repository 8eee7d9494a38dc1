#include "agent/inputs/inventory.h"

#include <event2/event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include <xxhash.h>

#include "agent/inputs/inventory_parts.h"
#include "agent/settings.h"
#include "common/backoff.h"
#include "common/clock.h"
#include "common/counter.h"
#include "common/loop.h"

enum { JITTER = 1000 };

static struct counter n_reports = COUNTER("inventory.reports", "inventories given");

struct inventory {
	const struct inventory_settings *settings;
	struct intake *intake;
	int root;
	struct event *look;
	struct inventory_packages packages;
	struct backoff jitter;
	XXH64_hash_t given; /* of what was given last */
	int64_t given_ms;   /* monotonic; 0 = never */
	int64_t due_ms;     /* the next report that needs no change */
	bool waiting;       /* a report is due as soon as it may be */
};

/* ---- one report -------------------------------------------------------------------- */

static void collect(struct inventory *self, struct inventory_report *report)
{
	struct listening *sockets = calloc(INVENTORY_LISTENING_MAX, sizeof(*sockets));
	struct inventory_processes processes = {.listening = sockets};
	bool known, cut;

	if (sockets == NULL)
		abort();
	inventory_packages_look(self->root, &self->packages);
	processes.n_listening = inventory_listening_look(self->root, sockets, &known, &cut);
	inventory_processes_look(self->root, &processes);

	inventory_report_begin(report, self->root);
	inventory_host(report);
	inventory_addresses(report);
	inventory_packages(report, &self->packages);
	inventory_protection(report, &processes);
	if (known)
		inventory_listening(report, sockets, processes.n_listening, cut);
	else
		inventory_unknown(report, "soc.listening");
	if (report->stable_len == 0)
		inventory_report_stable_end(report);
	inventory_uptime(report);
	inventory_report_end(report);
	free(sockets);
}

/* False when the intake is full. */
static bool give(struct inventory *self, const struct inventory_report *report)
{
	struct slice bytes = strbuf_slice(&report->text);
	const struct intake_item item = {
		.lane = LANE_BULK,
		.source = {.input = SLICE_LIT("inventory"),
			.name = SLICE_LIT("host"),
			.format = SLICE_LIT(""),
			.position = SLICE_LIT("")},
		.item = {.kind = ITEM_INVENTORY,
			.read_ns = clock_foreign(clock_wall_ns()),
			.whole = bytes.len,
			.bytes = bytes},
	};

	if (!intake_add(self->intake, &item))
		return false;
	counter_add(&n_reports, 1);
	return true;
}

/* ---- when --------------------------------------------------------------------------- */

/* Hosts that were started together do not report together. */
static uint64_t with_jitter(struct inventory *self)
{
	uint64_t tenth = self->settings->every_ms / 10;
	uint64_t random = backoff_next(&self->jitter) - JITTER / 2; /* 0..JITTER / 2 */

	return self->settings->every_ms - tenth + random * tenth / (JITTER / 4);
}

/* How long until a report may be given. */
static int64_t wait_ms(const struct inventory *self, int64_t now_ms)
{
	int64_t apart_ms = now_ms - self->given_ms;

	return self->given_ms == 0 || apart_ms >= INVENTORY_APART_MS
		       ? 0
		       : INVENTORY_APART_MS - apart_ms;
}

static void look(struct inventory *self, int64_t now_ms)
{
	struct inventory_report report;

	collect(self, &report);
	XXH64_hash_t hash = XXH3_64bits(report.text.ptr, report.stable_len);
	bool wanted = self->waiting || now_ms >= self->due_ms || hash != self->given;
	if (wanted && give(self, &report)) {
		self->given = hash;
		self->given_ms = now_ms;
		self->due_ms = now_ms + (int64_t)with_jitter(self);
		self->waiting = false;
	} else if (wanted) {
		self->waiting = true; /* until resume */
	}
	inventory_report_done(&report);
}

static void on_look(evutil_socket_t fd, short what, void *user)
{
	struct inventory *self = user;
	int64_t now_ms = clock_mono_ms();

	(void)fd;
	(void)what;
	if (wait_ms(self, now_ms) == 0)
		look(self, now_ms);
	int64_t wait = wait_ms(self, clock_mono_ms());
	loop_arm(self->look,
		self->waiting && wait > 0 ? (uint64_t)wait : self->settings->look_ms);
}

static void want(struct inventory *self)
{
	self->waiting = true;
	loop_arm(self->look, (uint64_t)wait_ms(self, clock_mono_ms()));
}

/* ---- the input ----------------------------------------------------------------------- */

static void *start(const struct agent_settings *settings, struct event_base *base,
	struct intake *intake, struct err *err)
{
	struct inventory *self;

	err->text[0] = '\0';
	if (!settings->inventory.on)
		return NULL;
	int root = open(settings->inventory.root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0) {
		(void)err_sys(err, "inventory: %s", settings->inventory.root);
		return NULL;
	}
	self = calloc(1, sizeof(*self));
	if (self == NULL || (self->look = evtimer_new(base, on_look, self)) == NULL)
		abort();
	self->settings = &settings->inventory;
	self->intake = intake;
	self->root = root;
	backoff_init(&self->jitter, JITTER, JITTER);
	return self;
}

static void begin(void *user)
{
	want(user);
}

static void resume(void *user)
{
	struct inventory *self = user;

	if (self->waiting)
		want(self);
}

static bool order(void *user, const struct frame_order *order)
{
	if (order->order != ORDER_REPORT)
		return false;
	want(user);
	return true;
}

static void stop(void *user)
{
	struct inventory *self = user;

	event_free(self->look);
	close(self->root);
	free(self);
}

const struct input inventory_input = {
	.name = "inventory",
	.section = "inventory",
	.summary = "what this host is and what runs on it",
	.start = start,
	.begin = begin,
	.resume = resume,
	.order = order,
	.stop = stop,
};

/* ---- settings ------------------------------------------------------------------------ */

#define AT(member) offsetof(struct inventory_settings, member)

const struct setting inventory_settings_table[] = {
	{"on", SETTING_FLAG, AT(on), "true", 0, 0, "Whether inventories are reported."},
	{"root", SETTING_PATH, AT(root), "/", 1, 4000,
		"Folder that has the host's /etc, /proc and /var; another than / when the "
		"agent runs in a container."},
	{"every", SETTING_DURATION, AT(every_ms), "12h", INVENTORY_APART_MS,
		UINT64_C(2592000000),
		"A report at least so often, give or take a tenth; also after every start and "
		"on order."},
	{"look", SETTING_DURATION, AT(look_ms), "10m", 60000, 86400000,
		"How often it is looked for changes, which are reported; never more than one "
		"report in ten minutes."},
	{0},
};
