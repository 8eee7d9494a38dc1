#include "collector/derive/standing.h"

#include <stdlib.h>

#include "common/clock.h"

struct standing {
	int64_t number, begins_ns, ends_ns;
	enum standing_kind kind;
	bool has_prefix;
	struct netprefix prefix;
	struct scope scope; /* into text */
	char *text;
};

static const char *const kind_names[STANDING_KINDS] = {
	[STANDING_SUPPRESS] = "suppression",
	[STANDING_MAINTENANCE] = "maintenance",
	[STANDING_WATCH] = "watch",
};

const char *standing_kind_name(enum standing_kind kind)
{
	return kind_names[kind];
}

bool standing_kind_from(struct slice name, enum standing_kind *kind)
{
	for (unsigned i = 0; i < STANDING_KINDS; i++) {
		if (slice_eq(name, slice_str(kind_names[i]))) {
			*kind = (enum standing_kind)i;
			return true;
		}
	}
	return false;
}

/* ---- scopes ------------------------------------------------------------------- */

static bool names_nothing(const struct scope *scope)
{
	return scope->rule.len == 0 && scope->agency == 0 && scope->host == 0 &&
	       scope->prefix.len == 0 && scope->user.len == 0;
}

const char *scope_mistake(const struct scope *scope, enum standing_kind kind)
{
	struct netprefix prefix;
	struct err err;

	if (kind != STANDING_WATCH && names_nothing(scope))
		return "it names no rule, agency, host, prefix or user: it would hide all";
	if (scope->host != 0 && scope->agency == 0)
		return "a host is named with its agency";
	if (scope->prefix.len > 0 && !netprefix_parse(scope->prefix, &prefix, &err))
		return "the prefix is none: write 192.0.2.0/24, or an address";
	if (scope->rule.len > FINDING_TEXT_MAX || scope->user.len > FINDING_TEXT_MAX)
		return "a name is too long";
	return NULL;
}

static bool holds_but_for_prefix(const struct scope *scope, const struct scope_subject *subject)
{
	return (scope->rule.len == 0 || slice_eq(scope->rule, subject->rule) ||
		       slice_eq(scope->rule, subject->title)) &&
	       (scope->agency == 0 || scope->agency == subject->agency) &&
	       (scope->host == 0 || scope->host == subject->host) &&
	       (scope->user.len == 0 || slice_eq_nocase(scope->user, subject->user));
}

static bool is_within(const struct netprefix *prefix, struct slice address)
{
	struct netaddr parsed;

	return netaddr_parse(address, &parsed) && netprefix_holds(prefix, &parsed);
}

bool scope_holds(const struct scope *scope, const struct scope_subject *subject)
{
	struct netprefix prefix;
	struct err err;

	if (!holds_but_for_prefix(scope, subject))
		return false;
	return scope->prefix.len == 0 || (netprefix_parse(scope->prefix, &prefix, &err) &&
						 is_within(&prefix, subject->source));
}

/* ---- what holds ----------------------------------------------------------------- */

static bool holds_for(const struct standing *standing, const struct alert_finding *finding)
{
	const struct scope_subject subject = {
		.rule = finding->rule,
		.title = finding->title,
		.source = finding->source,
		.user = finding->user,
		.agency = finding->agency,
		.host = finding->host,
	};

	const int64_t at_ns =
		standing->kind == STANDING_SUPPRESS ? finding->received_ns : finding->at_ns;

	return at_ns >= standing->begins_ns && at_ns < standing->ends_ns &&
	       holds_but_for_prefix(&standing->scope, &subject) &&
	       (!standing->has_prefix || is_within(&standing->prefix, finding->source));
}

int64_t standings_hide(const struct standings *standings, const struct alert_finding *finding)
{
	for (size_t i = 0; i < standings->n; i++) {
		const struct standing *standing = &standings->items[i];

		if (standing->kind != STANDING_WATCH && holds_for(standing, finding))
			return standing->number;
	}
	return 0;
}

bool standings_watch(const struct standings *standings, const struct alert_finding *finding)
{
	for (size_t i = 0; i < standings->n; i++) {
		const struct standing *standing = &standings->items[i];

		if (standing->kind == STANDING_WATCH && holds_for(standing, finding))
			return true;
	}
	return false;
}

/* ---- rows ----------------------------------------------------------------------- */

static struct slice keep(char **at, struct slice text)
{
	if (text.len > 0)
		memcpy(*at, text.ptr, text.len);
	struct slice kept = slice_of(*at, text.len);
	*at += text.len;
	return kept;
}

static void take_row(struct standings *standings, sqlite3_stmt *row)
{
	const struct slice rule = database_text(row, 4), prefix = database_text(row, 7),
			   user = database_text(row, 8);
	struct standing standing = {
		.number = sqlite3_column_int64(row, 0),
		.kind = (enum standing_kind)sqlite3_column_int64(row, 1),
		.begins_ns = sqlite3_column_int64(row, 2),
		.ends_ns = sqlite3_column_int64(row, 3),
		.text = malloc(rule.len + prefix.len + user.len + 1),
	};
	char *at = standing.text;
	struct err err;

	if (at == NULL)
		abort();
	standing.scope.rule = keep(&at, rule);
	standing.scope.agency = (uint32_t)sqlite3_column_int64(row, 5);
	standing.scope.host = (uint32_t)sqlite3_column_int64(row, 6);
	standing.scope.prefix = keep(&at, prefix);
	standing.scope.user = keep(&at, user);
	standing.has_prefix = prefix.len > 0;
	if (standing.has_prefix && !netprefix_parse(prefix, &standing.prefix, &err)) {
		free(standing.text); /* never stored so */
		return;
	}
	standings->items[standings->n++] = standing;
}

static void clear(struct standings *standings)
{
	for (size_t i = 0; i < standings->n; i++)
		free(standings->items[i].text);
	standings->n = 0;
}

bool standings_load(struct standings *standings, struct database *database, struct err *err)
{
	bool failed;

	clear(standings);
	standings->database = database;
	if (standings->items == NULL)
		standings->items = calloc(STANDING_MOST, sizeof(*standings->items));
	if (standings->items == NULL)
		abort();
	sqlite3_stmt *rows = database_select(
		database, err, STATEMENT_STANDINGS_IN_FORCE, "i", (int64_t)STANDING_MOST);
	if (rows == NULL)
		return false;
	while (database_row(database, rows, &failed, err))
		take_row(standings, rows);
	database_end(rows);
	return !failed;
}

void standings_done(struct standings *standings)
{
	clear(standings);
	free(standings->items);
	*standings = (struct standings){0};
}

static bool is_fit(const struct standing_order *order)
{
	const int64_t most_ns = INT64_C(86400) * CLOCK_NS_PER_S * STANDING_DAYS_MOST;

	return scope_mistake(&order->scope, order->kind) == NULL && order->owner.len > 0 &&
	       order->reason.len > 0 && order->begins_ns >= 0 &&
	       order->ends_ns > order->begins_ns && order->ends_ns > order->made_ns &&
	       order->ends_ns - order->begins_ns <= most_ns;
}

/* Others have ended: only late findings may still be of them. */
static size_t count_holding(const struct standings *standings, int64_t at_ns)
{
	size_t n = 0;

	for (size_t i = 0; i < standings->n; i++)
		n += standing_holds_at(standings->items[i].ends_ns, at_ns);
	return n;
}

bool standings_add(struct standings *standings, const struct standing_order *order, bool *taken,
	struct err *err)
{
	const int64_t kept_ns = INT64_C(86400) * CLOCK_NS_PER_S * STANDING_KEPT_DAYS;
	struct database *database = standings->database;

	if (!database_run(
		    database, err, STATEMENT_STANDING_FORGET, "i", order->made_ns - kept_ns) ||
		!standings_load(standings, database, err))
		return false;
	*taken = count_holding(standings, order->made_ns) < STANDING_MOST && is_fit(order);
	if (!*taken)
		return true;
	return database_run(database, err, STATEMENT_STANDING_ADD, "ittiiitiitt",
		       (int64_t)order->kind, order->owner, order->reason, order->made_ns,
		       order->begins_ns, order->ends_ns, order->scope.rule,
		       (int64_t)order->scope.agency, (int64_t)order->scope.host,
		       order->scope.prefix, order->scope.user) &&
	       standings_load(standings, database, err);
}

bool standings_remove(struct standings *standings, int64_t made_ns, int64_t at_ns, bool *taken,
	struct err *err)
{
	if (!database_run(
		    standings->database, err, STATEMENT_STANDING_REMOVE, "ii", made_ns, at_ns))
		return false;
	*taken = database_changes(standings->database) > 0;
	return standings_load(standings, standings->database, err);
}
