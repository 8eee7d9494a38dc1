/*
 * words - what lists call types, classes and how sure they are
 *
 * MISP's attribute types, STIX' vocabularies, and the column values of public
 * lists in one place. Any thread.
 */
#ifndef COLLECTOR_DETECT_INDICATORS_WORDS_H
#define COLLECTOR_DETECT_INDICATORS_WORDS_H

#include "collector/detect/indicators/indicator.h"
#include "collector/record/record.h"

/* What a compound value ("name|md5") has in which place. */
struct indicator_kind {
	enum indicator_type first, second; /* INDICATOR_TYPES = nothing to look for */
	bool compound;
	bool is_known;
};

/* "ip-dst", "FileHash-MD5", "filename|sha256"; case, '_' and ' ' do not matter. */
struct indicator_kind indicator_kind_by_name(struct slice name);

/* The national class that the words of a text speak of, or CLASS_NONE: "trojan", "phishing",
 * "botnet_cc", a class by its own name. */
enum attack_class indicator_class_of(struct slice text);

/* 0..100 of "high", "usually-confident", "80", "0.8"; -1 for what says nothing. */
int indicator_confidence_of(struct slice text);

#endif
