#include "collector/derive/acts.h"

#include <yyjson.h>

#include "collector/derive/alerts.h"
#include "common/counter.h"

static struct counter applied = COUNTER("derive.acts", "acts of people about alerts applied");
static struct counter unfit =
	COUNTER("derive.acts_unfit", "acts of people about alerts that fitted nothing");

static const char *const names[ACT_KINDS] = {
	[ACT_ACKNOWLEDGE] = "alert-acknowledge",
	[ACT_WORK] = "alert-work",
	[ACT_ASSIGN] = "alert-assign",
	[ACT_COMMENT] = "alert-comment",
	[ACT_CLOSE] = "alert-close",
	[ACT_STANDING_ADD] = "standing-add",
	[ACT_STANDING_REMOVE] = "standing-remove",
};

const char *act_name(enum act_kind kind)
{
	return names[kind];
}

bool act_is_of(const struct stream *stream)
{
	return stream->lane == ACTS_LANE && stream->agency == 0 && stream->host == 0;
}

/* ---- writing -------------------------------------------------------------------- */

static void put_alert(struct json *json, const struct act *act)
{
	json_put_i64(json, "alert", act->alert);
	json_put_text(json, "rule", act->rule);
	json_put_u64(json, "agency", act->agency);
	json_put_u64(json, "host", act->host);
	json_put_text(json, "subject", act->subject);
	if (act->text.len > 0)
		json_put_text(json, "text", act->text);
	if (act->kind == ACT_ASSIGN)
		json_put_text(json, "owner", act->owner);
	if (act->kind == ACT_CLOSE)
		json_put_str(
			json, "verdict", alert_verdict_name((enum alert_verdict)act->verdict));
}

static void put_order(struct json *json, const struct standing_order *order)
{
	json_put_str(json, "kind", standing_kind_name(order->kind));
	json_put_i64(json, "begins", order->begins_ns);
	json_put_i64(json, "ends", order->ends_ns);
	json_put_text(json, "owner", order->owner);
	json_put_text(json, "text", order->reason);
	json_put_text(json, "rule", order->scope.rule);
	json_put_u64(json, "agency", order->scope.agency);
	json_put_u64(json, "host", order->scope.host);
	json_put_text(json, "prefix", order->scope.prefix);
	json_put_text(json, "user", order->scope.user);
}

void act_put(struct json *json, const struct act *act)
{
	json_object(json);
	json_put_str(json, "act", act_name(act->kind));
	json_put_text(json, "who", act->who);
	if (act->kind < ACT_STANDING_ADD)
		put_alert(json, act);
	else
		json_put_i64(json, "made", act->order.made_ns);
	if (act->kind == ACT_STANDING_ADD)
		put_order(json, &act->order);
	if (act->kind == ACT_STANDING_REMOVE)
		json_put_i64(json, "number", act->standing);
	json_object_end(json);
}

/* ---- reading -------------------------------------------------------------------- */

/* Empty when there is none. */
static struct slice text_of(yyjson_val *root, const char *name)
{
	yyjson_val *value = yyjson_obj_get(root, name);

	if (!yyjson_is_str(value))
		return SLICE_LIT("");
	return slice_of(yyjson_get_str(value), yyjson_get_len(value));
}

static int64_t number_of(yyjson_val *root, const char *name)
{
	return yyjson_get_sint(yyjson_obj_get(root, name));
}

static bool kind_from(struct slice name, enum act_kind *kind)
{
	for (unsigned i = 0; i < ACT_KINDS; i++) {
		if (slice_eq(name, slice_str(names[i]))) {
			*kind = (enum act_kind)i;
			return true;
		}
	}
	return false;
}

/* False: it is none. */
static bool read_order(yyjson_val *root, struct standing_order *order)
{
	*order = (struct standing_order){
		.made_ns = number_of(root, "made"),
		.begins_ns = number_of(root, "begins"),
		.ends_ns = number_of(root, "ends"),
		.owner = text_of(root, "owner"),
		.reason = text_of(root, "text"),
		.scope =
			{
				.rule = text_of(root, "rule"),
				.agency = (uint32_t)number_of(root, "agency"),
				.host = (uint32_t)number_of(root, "host"),
				.prefix = text_of(root, "prefix"),
				.user = text_of(root, "user"),
			},
	};
	return standing_kind_from(text_of(root, "kind"), &order->kind);
}

static bool read_act(yyjson_val *root, struct act *act)
{
	enum alert_verdict verdict = ALERT_NO_VERDICT;

	*act = (struct act){
		.who = text_of(root, "who"),
		.alert = number_of(root, "alert"),
		.rule = text_of(root, "rule"),
		.subject = text_of(root, "subject"),
		.agency = (uint32_t)number_of(root, "agency"),
		.host = (uint32_t)number_of(root, "host"),
		.text = text_of(root, "text"),
		.owner = text_of(root, "owner"),
		.standing = number_of(root, "number"),
		.order.made_ns = number_of(root, "made"),
	};
	if (!kind_from(text_of(root, "act"), &act->kind) ||
		(act->kind == ACT_CLOSE &&
			!alert_verdict_from(text_of(root, "verdict"), &verdict)))
		return false;
	act->verdict = (uint8_t)verdict;
	return act->kind != ACT_STANDING_ADD || read_order(root, &act->order);
}

/* ---- applying ------------------------------------------------------------------- */

/* 0 when there is none any more. */
static bool find_alert(
	struct alerts *alerts, const struct act *act, int64_t *number, struct err *err)
{
	struct database *database = alerts->database;

	*number = 0;
	return database_number(database,
		       database_select(database, err, STATEMENT_ALERT_OF_NUMBER, "itiit",
			       act->alert, act->rule, (int64_t)act->agency, (int64_t)act->host,
			       act->subject),
		       number, err) &&
	       (*number != 0 || database_number(database,
					database_select(database, err, STATEMENT_ALERT_FIND,
						"tiit", act->rule, (int64_t)act->agency,
						(int64_t)act->host, act->subject),
					number, err));
}

struct state {
	enum alert_status status;
	enum alert_verdict verdict;
};

static bool read_state(
	struct alerts *alerts, int64_t number, struct state *state, struct err *err)
{
	bool failed;
	sqlite3_stmt *row =
		database_select(alerts->database, err, STATEMENT_ALERT_STATE, "i", number);

	if (row == NULL)
		return false;
	if (database_row(alerts->database, row, &failed, err))
		*state = (struct state){
			.status = (enum alert_status)sqlite3_column_int64(row, 0),
			.verdict = (enum alert_verdict)sqlite3_column_int64(row, 1),
		};
	database_end(row);
	return !failed;
}

static bool set_status(struct alerts *alerts, const struct act *act, int64_t number,
	int64_t at_ns, struct err *err)
{
	struct state state = {0};
	int64_t closed_ns = 0;

	if (!read_state(alerts, number, &state, err))
		return false;
	switch (act->kind) {
	case ACT_ACKNOWLEDGE:
		state.status = ALERT_ACKNOWLEDGED;
		break;
	case ACT_WORK:
		state.status = ALERT_IN_PROGRESS;
		break;
	case ACT_CLOSE:
		state = (struct state){ALERT_CLOSED, (enum alert_verdict)act->verdict};
		closed_ns = at_ns;
		break;
	default:
		return true;
	}
	return database_run(alerts->database, err, STATEMENT_ALERT_STATUS_SET, "iiii", number,
		(int64_t)state.status, (int64_t)state.verdict, closed_ns);
}

static bool apply_to_alert(struct alerts *alerts, const struct act *act, int64_t number,
	int64_t at_ns, struct err *err)
{
	struct strbuf text = STRBUF_INIT(2 * ACT_TEXT_MAX);
	struct alert_change change = {
		.alert = number,
		.at_ns = at_ns,
		.who = act->who,
		.what = slice_str(act_name(act->kind) + strlen("alert-")),
	};

	if (act->kind == ACT_CLOSE)
		strbuf_add_str(&text, alert_verdict_name((enum alert_verdict)act->verdict));
	strbuf_add(&text, act->owner);
	if (text.len > 0 && act->text.len > 0)
		strbuf_add_str(&text, ": ");
	strbuf_add(&text, act->text);
	change.text = strbuf_slice(&text);
	bool done = set_status(alerts, act, number, at_ns, err) &&
		    (act->kind != ACT_ASSIGN ||
			    database_run(alerts->database, err, STATEMENT_ALERT_OWNER_SET, "it",
				    number, act->owner)) &&
		    alert_history_add(alerts->database, &change, err);
	strbuf_done(&text);
	return done;
}

static bool apply(struct alerts *alerts, const struct act *act, int64_t at_ns, bool *taken,
	struct err *err)
{
	int64_t number;

	if (act->kind == ACT_STANDING_ADD)
		return standings_add(&alerts->standings, &act->order, taken, err);
	if (act->kind == ACT_STANDING_REMOVE)
		return standings_remove(
			&alerts->standings, act->order.made_ns, at_ns, taken, err);
	if (!find_alert(alerts, act, &number, err))
		return false;
	*taken = number != 0;
	return !*taken || apply_to_alert(alerts, act, number, at_ns, err);
}

bool act_apply(struct alerts *alerts, const struct record *record, struct err *err)
{
	const struct slice message = record_get(record, FIELD_MESSAGE);
	yyjson_doc *doc = slice_absent(message)
				  ? NULL
				  : yyjson_read(message.ptr, message.len, YYJSON_READ_NOFLAG);
	struct act act;
	bool taken = false, ok = true;

	if (doc != NULL && read_act(yyjson_doc_get_root(doc), &act))
		ok = apply(alerts, &act, record->received_ns, &taken, err);
	yyjson_doc_free(doc);
	counter_add(taken ? &applied : &unfit, ok);
	return ok;
}
