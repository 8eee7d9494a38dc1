/*
 * products - what security products say in CEF and LEEF
 *
 * Both give a product's event a name, a class and values with names; what they mean is each
 * vendor's: a web application firewall's event is an attack, a firewall's a connection, an
 * administrator's a log-in. The custom values cs1 to cs6 and their like are named by labels,
 * and products add names of their own. antivirus.h has the antivirus products.
 *
 * Any thread.
 */
#ifndef COLLECTOR_NORMALIZE_PRODUCTS_H
#define COLLECTOR_NORMALIZE_PRODUCTS_H

#include "collector/normalize/families/device.h"

struct product_event {
	struct slice vendor, product;
	struct slice id;       /* class of the event */
	struct slice name;     /* what a person reads */
	struct slice severity; /* 0 to 10, or a word */
	const struct pairs *pairs;
};

/* The field that a label or a product's own name of a value means; 0 when it is none. */
unsigned product_field(struct slice name);

/* One value of product_field(); of two for one field the first counts. */
void product_put(struct record *record, struct parse_context *context, unsigned field,
	struct slice value);

/* What the event tells. False, with nothing added, for products that are not known and events
 * that say nothing of a sign-in. */
bool product_tell(struct record *record, struct parse_context *context,
	const struct product_event *event);

#endif
