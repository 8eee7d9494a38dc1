#include "collector/derive/counting.h"

#include "collector/derive/findings.h"
#include "collector/derive/machines.h"
#include "collector/record/encode.h"
#include "common/counter.h"
#include "common/log.h"

enum {
	STEP_RECORDS_MOST = 200000,
	BODY_ARENA_MAX = 1 << 20, /* bytes a decoded record may take */
};

static struct counter derived = COUNTER("derive.records", "stored records counted");
static struct counter undecodable =
	COUNTER("derive.undecodable", "records whose body could not be read back");
static struct counter lost =
	COUNTER("derive.lost", "records that were gone before they were read");

/* ---- one block -------------------------------------------------------------- */

/* Of a block that statistics have already: the correlator's state stands before it. */
static bool is_again(const struct counting *counting, const struct store_block *block)
{
	return block->commit <= counting->position;
}

/* A recount correlates nothing: what was found stands in the log (design decision 8). */
static bool is_correlated(const struct counting *counting, const struct columns *columns)
{
	return columns->n_matches > 0 && counting->correlate != NULL;
}

static enum correlate_how how_to_correlate(
	const struct counting *counting, const struct store_block *block)
{
	if (is_again(counting, block))
		return CORRELATE_AGAIN;
	return block->commit <= counting->doubt_until ? CORRELATE_DOUBT : CORRELATE_NEW;
}

/* A finding that may be what was concluded once more. */
static bool is_told(
	const struct counting *counting, const struct store_block *block, unsigned i)
{
	const struct columns *columns = &block->columns[i];

	return block->commit <= counting->doubt_until && columns->kind == RECORD_FINDING &&
	       findings_are_of(&block->streams[columns->stream]);
}

static bool correlate(struct counting *counting, const struct store_block *block, unsigned i,
	const struct record *record, struct err *err)
{
	const struct matched matched = {
		.columns = &block->columns[i],
		.record = record,
		.detector = counting->detector,
		.class = block->class,
		.number = block->first + i,
		.how = how_to_correlate(counting, block),
	};

	return correlate_record(counting->correlate, &matched, err);
}

static bool count_body(struct counting *counting, const struct store_block *block, unsigned i,
	bool again, struct err *err)
{
	const struct columns *columns = &block->columns[i];
	struct record record;

	arena_reset(&counting->arena);
	if (!decode_record(store_reader_body(counting->reader, i), columns, &counting->arena,
		    &record)) {
		counter_add(&undecodable, 1);
		return true;
	}
	if (is_correlated(counting, columns) && !correlate(counting, block, i, &record, err))
		return false;
	if (again)
		return true;
	if (counting->looks)
		sources_look(counting->sources, &record);
	if (counting->correlate != NULL && alerts_want(block, i) &&
		!alerts_record(&counting->alerts, block, i, &record, err))
		return false;
	if (is_told(counting, block, i))
		return findings_told(counting->database, columns, &record, err);
	if (malware_is_named(columns))
		return malware_record(&counting->tally.malware, block, i, &record, err);
	return !machines_wants(columns) ||
	       machines_record(counting->database, block, i, &record, err);
}

static bool count_record(
	struct counting *counting, const struct store_block *block, unsigned i, struct err *err)
{
	const struct columns *columns = &block->columns[i];

	if (!tally_record(&counting->tally, columns) &&
		(!tally_flush(&counting->tally, err) ||
			!tally_record(&counting->tally, columns)))
		return err_within(err, "counting");
	if (counting->sources != NULL &&
		!sources_record(counting->sources, block, i, &counting->looks, err))
		return false;
	if (!is_correlated(counting, columns) && !malware_is_named(columns) &&
		!machines_wants(columns) && !is_told(counting, block, i) && !counting->looks &&
		(counting->correlate == NULL || !alerts_want(block, i)))
		return true;
	return count_body(counting, block, i, false, err);
}

static bool count_gap(
	struct counting *counting, const struct store_block_gap *gap, struct err *err)
{
	if (!tally_gap(&counting->tally, gap) &&
		(!tally_flush(&counting->tally, err) || !tally_gap(&counting->tally, gap)))
		return err_within(err, "counting");
	return true;
}

static bool count_block(
	struct counting *counting, const struct store_block *block, struct err *err)
{
	if (counting->sources != NULL)
		sources_mute(counting->sources, block->commit <= counting->doubt_until);
	for (unsigned i = 0; i < block->n_records; i++) {
		if (!count_record(counting, block, i, err))
			return false;
	}
	for (unsigned i = 0; i < block->n_gaps; i++) {
		if (!count_gap(counting, &block->gaps[i], err))
			return false;
	}
	counter_add(&derived, block->n_records);
	return true;
}

static bool correlate_again(
	struct counting *counting, const struct store_block *block, struct err *err)
{
	for (unsigned i = 0; i < block->n_records; i++) {
		if (is_correlated(counting, &block->columns[i]) &&
			!count_body(counting, block, i, true, err))
			return false;
	}
	return true;
}

/* The first block there is of a class, and it is not the first there was. */
static void note_removed(struct counting *counting, const struct store_block *block)
{
	uint8_t bit = (uint8_t)(1u << block->class);

	if (block->n_records == 0 || counting->classes_begun & bit)
		return;
	counting->classes_begun |= bit;
	if (block->first > 1 && block->columns[0].received_ns > counting->removed_ns)
		counting->removed_ns = block->columns[0].received_ns;
}

static bool read_block(
	struct counting *counting, const struct store_block *block, struct err *err)
{
	return is_again(counting, block) ? correlate_again(counting, block, err)
					 : count_block(counting, block, err);
}

static void note_lost(const struct counting *counting, const struct store_block *block)
{
	if (is_again(counting, block))
		return;
	counter_add(&lost, block->n_records);
	log_error("derive.lost", "class=%u first=%llu records=%u", block->class,
		(unsigned long long)block->first, block->n_records);
}

static bool read_some(struct counting *counting, uint64_t *position, struct err *err)
{
	struct store_block block;
	uint64_t n = 0;

	counting->caught_up = false;
	for (;;) {
		switch (store_reader_next(counting->reader, &block, err)) {
		case STORE_BLOCK:
			note_removed(counting, &block);
			if (!read_block(counting, &block, err))
				return false;
			n += block.n_records;
			break;
		case STORE_COMMIT:
			counting->at = block.commit;
			if (!is_again(counting, &block))
				*position = block.commit;
			if (n >= STEP_RECORDS_MOST)
				return true;
			break;
		case STORE_LOST:
			note_lost(counting, &block);
			break;
		case STORE_END:
			counting->caught_up = true;
			return true;
		case STORE_READ_FAILED:
			return err_within(err, "reading the store");
		}
	}
}

bool counting_step(struct counting *counting, uint64_t *position, struct err *err)
{
	return read_some(counting, position, err) && tally_flush(&counting->tally, err) &&
	       (counting->sources == NULL || sources_flush(counting->sources, err));
}

/* ---- life ------------------------------------------------------------------- */

void counting_init(struct counting *counting, const struct derive_settings *settings,
	struct database *database)
{
	*counting = (struct counting){.settings = settings, .database = database};
	arena_init(&counting->arena, BODY_ARENA_MAX);
	tally_init(&counting->tally, settings, database);
}

bool counting_begin(struct counting *counting, struct store *store, struct err *err)
{
	store_reader_close(counting->reader);
	counting->reader = NULL;
	correlate_free(counting->correlate);
	sources_free(counting->sources);
	tally_done(&counting->tally);
	tally_init(&counting->tally, counting->settings, counting->database);
	counting->at = counting->position;
	counting->sources = NULL;
	counting->correlate =
		correlate_new(counting->settings, counting->database, &counting->at, err);
	if (counting->correlate != NULL)
		counting->sources = sources_new(counting->settings, counting->database, err);
	if (counting->sources != NULL &&
		alerts_begin(&counting->alerts, counting->settings, counting->database, err))
		counting->reader = store_reader_open(store, counting->at, err);
	return counting->reader != NULL;
}

void counting_done(struct counting *counting)
{
	store_reader_close(counting->reader);
	correlate_free(counting->correlate);
	sources_free(counting->sources);
	alerts_done(&counting->alerts);
	tally_done(&counting->tally);
	arena_done(&counting->arena);
}
