#include "collector/derive/guessing.h"

#include "collector/derive/findings.h"
#include "common/clock.h"

enum { SUBJECT_MAX = 128 }; /* bytes of an address or a user that count */

/* A match at hand. */
struct sign_in {
	const struct matched *matched;
	const struct match *match;
	bool of_user;         /* no address is known */
	struct slice subject; /* as the record shows it */
	int64_t at_ns;
	char key[SUBJECT_MAX + 2 * sizeof(uint32_t)]; /* whose and where */
	size_t key_len;
};

static struct sign_in sign_in_of(const struct concluding *concluding,
	const struct matched *matched, const struct match *match)
{
	const bool of_user = match->rule == MATCH_FAILED_SIGN_IN_OF_USER ||
			     match->rule == MATCH_SIGN_IN_OF_USER;
	const uint32_t where[] = {matched->columns->agency, matched->columns->host};
	struct slice subject = match_subject(match);
	if (subject.len > SUBJECT_MAX)
		subject = slice_head(subject, SUBJECT_MAX);
	struct sign_in sign_in = {
		.matched = matched,
		.match = match,
		.of_user = of_user,
		.subject = record_get(
			matched->record, of_user ? FIELD_USER_NAME : FIELD_SOURCE_IP),
		.at_ns = concluding_time(concluding, matched),
		.key_len = sizeof(where) + subject.len,
	};

	if (slice_absent(sign_in.subject)) /* its line was lost */
		sign_in.subject = SLICE_LIT("");
	memcpy(sign_in.key, where, sizeof(where));
	if (subject.len > 0)
		memcpy(sign_in.key + sizeof(where), subject.ptr, subject.len);
	return sign_in;
}

/* True when the group is to be told of. */
static bool count(struct pace *group, const struct derive_settings *settings, int64_t at_ns,
	unsigned times)
{
	int64_t window_ns = (int64_t)settings->brute_force_ms * CLOCK_NS_PER_MS;
	unsigned n = pace_count(group, at_ns, window_ns) + times;

	pace_add(group, times);
	group->events += times;
	if (n < settings->brute_force_count || concluding_is_in_hour_of(group->fired_ns, at_ns))
		return false;
	group->fired_ns = at_ns;
	return true;
}

/* Valid until the next touch. */
static struct pace *touch_subject(
	struct concluding *concluding, const struct sign_in *sign_in, uint32_t kind)
{
	const struct columns *columns = sign_in->matched->columns;

	return paces_touch(concluding->paces, columns->agency, kind + sign_in->of_user,
		slice_of(sign_in->key, sign_in->key_len), columns->received_ns);
}

static struct finding finding_of(const struct sign_in *sign_in, const struct pace *pace)
{
	return (struct finding){
		.rule_number = sign_in->match->rule,
		.at_ns = sign_in->at_ns,
		.since_ns = pace->since_ns,
		.events = pace->events,
		.subject = sign_in->subject,
		.attack = CLASS_UNAUTHORIZED_ACCESS,
		.fields = SLICE_LIT(""),
	};
}

static struct slice name_of_failures(const struct sign_in *sign_in)
{
	if (sign_in->of_user)
		return SLICE_LIT(FINDINGS_OF_ACCOUNT "brute-force");
	return sign_in->match->rule == MATCH_SSH_FAILED_LOGIN ||
			       slice_eq(
				       record_get(sign_in->matched->record, FIELD_PROCESS_NAME),
				       SLICE_LIT("sshd"))
		       ? SLICE_LIT("ssh-brute-force")
		       : SLICE_LIT("sign-in-brute-force");
}

/* Other lines may have told of the same attempts already. */
static bool is_known_guesser(struct concluding *concluding, const struct sign_in *sign_in,
	const struct finding *finding)
{
	struct pace *guessing = touch_subject(concluding, sign_in, KIND_GUESSING);

	if (concluding_is_in_hour_of(guessing->fired_ns, sign_in->at_ns))
		return true;
	guessing->fired_ns = sign_in->at_ns;
	guessing->since_ns = finding->since_ns;
	guessing->events = (uint32_t)finding->events;
	return false;
}

static bool failed(
	struct concluding *concluding, const struct sign_in *sign_in, struct err *err)
{
	const struct columns *columns = sign_in->matched->columns;
	struct pace *group = paces_touch(concluding->paces, columns->agency,
		sign_in->match->rule, sign_in->match->group, columns->received_ns);

	if (!count(group, concluding->settings, sign_in->at_ns, 1u + columns->repeats))
		return true;
	/* The next touch moves them. */
	struct finding finding = finding_of(sign_in, group);
	finding.rule = name_of_failures(sign_in);
	finding.severity = sign_in->of_user ? SEVERITY_MEDIUM : SEVERITY_HIGH;
	return is_known_guesser(concluding, sign_in, &finding) ||
	       concluding_tell(concluding, sign_in->matched, &finding, err);
}

/* Whoever guessed has found it. */
static bool succeeded(
	struct concluding *concluding, const struct sign_in *sign_in, struct err *err)
{
	const struct pace *guessing = paces_find(concluding->paces,
		KIND_GUESSING + sign_in->of_user, slice_of(sign_in->key, sign_in->key_len));

	if (guessing == NULL || !concluding_is_in_hour_of(guessing->fired_ns, sign_in->at_ns) ||
		sign_in->at_ns < guessing->fired_ns)
		return true;
	struct finding finding = finding_of(sign_in, guessing);
	finding.rule = sign_in->of_user
			       ? SLICE_LIT(FINDINGS_OF_ACCOUNT "sign-in-after-guessing")
			       : SLICE_LIT("sign-in-after-guessing");
	finding.severity = SEVERITY_CRITICAL;
	struct pace *entered = touch_subject(concluding, sign_in, KIND_ENTERED);
	if (concluding_is_in_hour_of(entered->fired_ns, sign_in->at_ns))
		return true;
	entered->fired_ns = sign_in->at_ns;
	return concluding_tell(concluding, sign_in->matched, &finding, err);
}

bool guessing_match(struct concluding *concluding, const struct matched *matched,
	const struct match *match, struct err *err)
{
	const struct sign_in sign_in = sign_in_of(concluding, matched, match);

	switch (match->rule) {
	case MATCH_SSH_FAILED_LOGIN:
	case MATCH_FAILED_SIGN_IN:
	case MATCH_FAILED_SIGN_IN_OF_USER:
		return failed(concluding, &sign_in, err);
	case MATCH_SIGN_IN:
	case MATCH_SIGN_IN_OF_USER:
		return succeeded(concluding, &sign_in, err);
	default:
		return true;
	}
}
