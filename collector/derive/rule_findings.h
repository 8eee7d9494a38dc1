/*
 * rule_findings - what a finding of a Sigma rule or of an indicator says
 *
 * The rule's id, title, version and ATT&CK techniques; who was involved, as the
 * record says or the groups of a correlation; and which records it was
 * (soc.evidence, "class-number"). Private to derive/.
 */
#ifndef COLLECTOR_DERIVE_RULE_FINDINGS_H
#define COLLECTOR_DERIVE_RULE_FINDINGS_H

#include "collector/derive/concluding.h"
#include "collector/detect/correlator/correlator.h"
#include "collector/detect/detector.h"
#include "collector/detect/indicators/indicators.h"

/* Whom a record or a finding of a Sigma rule is about: its address, else its user, its program,
 * its file; "" = its host. */
struct slice rule_findings_subject(const struct record *record);

/* A match of the rule; NULL: it is in force no more, and its key is known alone. Texts live in
 * `fields`, in the record and in the rule. */
void rule_findings_of_match(struct finding *finding, struct strbuf *fields,
	const struct detector *detector, const struct sigma_rule *rule,
	const struct match *match, const struct matched *matched);

/* What a correlation concluded. */
void rule_findings_of_conclusion(struct finding *finding, struct strbuf *fields,
	const struct detector *detector, const struct conclusion *conclusion);

/* An indicator that the record has. */
void rule_findings_of_indicator(struct finding *finding, struct strbuf *fields,
	const struct indicator_tag *tag, const struct matched *matched);

/* Which record an event of the correlator is. */
uint64_t rule_findings_ref(const struct matched *matched);

#endif
