#include "collector/ingest/senders/receipts.h"

#include <stdlib.h>

static struct receipt *append(struct receipt_list *list, struct receipts *owner)
{
	struct receipt *receipt = calloc(1, sizeof(*receipt));

	if (receipt == NULL)
		abort();
	receipt->owner = owner;
	if (list->last != NULL)
		list->last->next_along = receipt;
	else
		list->first = receipt;
	list->last = receipt;
	if (owner->newest != NULL)
		owner->newest->next = receipt;
	else
		owner->oldest = receipt;
	owner->newest = receipt;
	return receipt;
}

void receipt_list_add(
	struct receipt_list *list, struct receipts *owner, uint32_t number, bool ends_window)
{
	struct receipt *receipt = list->last;

	if (receipt == NULL || receipt->owner != owner || receipt->ends_window)
		receipt = append(list, owner);
	receipt->number = number;
	receipt->ends_window = ends_window;
}

void receipts_settle(struct receipt_list *list, bool stored)
{
	struct receipt *receipt = list->first;

	*list = (struct receipt_list){0};
	while (receipt != NULL) {
		struct receipt *next = receipt->next_along;
		struct receipts *owner = receipt->owner;

		receipt->state = stored ? RECEIPT_STORED : RECEIPT_REFUSED;
		receipt->next_along = NULL;
		if (owner == NULL)
			free(receipt);
		else
			owner->on_settled(owner->user);
		receipt = next;
	}
}

struct receipt *receipts_take(struct receipts *receipts)
{
	struct receipt *receipt = receipts->oldest;

	if (receipt == NULL || receipt->state == RECEIPT_OPEN)
		return NULL;
	receipts->oldest = receipt->next;
	if (receipts->oldest == NULL)
		receipts->newest = NULL;
	return receipt;
}

bool receipts_end_window(struct receipts *receipts)
{
	if (receipts->newest == NULL)
		return false;
	receipts->newest->ends_window = true;
	return true;
}

void receipts_close(struct receipts *receipts)
{
	struct receipt *receipt = receipts->oldest;

	receipts->oldest = receipts->newest = NULL;
	while (receipt != NULL) {
		struct receipt *next = receipt->next;

		receipt->owner = NULL;
		if (receipt->state != RECEIPT_OPEN)
			free(receipt); /* it has come home already */
		receipt = next;
	}
}
