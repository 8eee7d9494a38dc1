#include "collector/store/age.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/log.h"

enum { SAVE_S = 600, TEXT_MAX = 32 };

/* False when there is no such file, or nothing to be believed in it. */
static bool load(struct age *age)
{
	struct strbuf text = STRBUF_INIT(TEXT_MAX);
	uint64_t value = 0;
	struct err err;
	bool there = file_read(age->path, &text, &err);
	struct slice number = strbuf_slice(&text);

	if (number.len > 0 && number.ptr[number.len - 1] == '\n')
		number.len--;
	bool good = there && slice_to_u64(number, INT64_MAX, &value);
	if (there && !good)
		log_warn("store.age.damaged", "file=%s, starting at the newest commit",
			age->path);
	if (good)
		age->now_ns = (int64_t)value;
	strbuf_done(&text);
	return good;
}

void age_open(struct age *age, const char *dir, int64_t newest_ns)
{
	*age = (struct age){.mono_ms = clock_mono_ms()};
	snprintf(age->path, sizeof(age->path), "%s/age", dir);
	if (!load(age))
		age->now_ns = newest_ns != 0 ? newest_ns : clock_wall_ns();
}

/* Only costs time to catch up when it fails. */
static void save(struct age *age)
{
	char text[TEXT_MAX];
	struct err err;
	int len = snprintf(text, sizeof(text), "%" PRId64 "\n", age->now_ns);

	if (file_replace(age->path, slice_of(text, (size_t)len), 0640, &err))
		age->saved_ns = age->now_ns;
}

static void note_held(struct age *age, bool held, int64_t wall_ns)
{
	bool was = atomic_exchange(&age->held, held);

	if (held && !was)
		log_error("store.age.held",
			"ahead_s=%" PRId64
			", the clock is further than time can have gone: retention follows "
			"slowly",
			(wall_ns - age->now_ns) / CLOCK_NS_PER_S);
	if (!held && was)
		log_info("store.age.followed", "retention goes by the clock again");
}

int64_t age_at(struct age *age, int64_t wall_ns, int64_t mono_ms)
{
	int64_t most_ns = age->now_ns + (mono_ms - age->mono_ms) * CLOCK_NS_PER_MS * AGE_SPEED;

	age->mono_ms = mono_ms;
	note_held(age, wall_ns > most_ns + SAVE_S * CLOCK_NS_PER_S, wall_ns);
	if (wall_ns > age->now_ns)
		age->now_ns = wall_ns < most_ns ? wall_ns : most_ns;
	if (age->now_ns - age->saved_ns >= SAVE_S * CLOCK_NS_PER_S || age->saved_ns == 0)
		save(age);
	return age->now_ns < wall_ns ? age->now_ns : wall_ns;
}

int64_t age_now(struct age *age)
{
	return age_at(age, clock_wall_ns(), clock_mono_ms());
}

bool age_held(const struct age *age)
{
	return atomic_load(&age->held);
}
