// Attention of one sequence: which keys each query sees, laid out for the `attend` kernel.
//
// Up to `window` keys every query sees all keys before it: keys and values are laid out once, in
// order. Beyond, the keys that a query keeps change by at most one from query to query: they live
// in window + CK_QUERIES slots, a heap knows the one to give up next, and a slot given up is
// written again only in the next block of queries, as earlier queries of a block still read it.
//
// A sliding limit brings keys back that the window had dropped, as better ones leave; there every
// key keeps its slot, and the choice is moved on from query to query.
#include "kernels.h"
#include <math.h>
#include <string.h>

typedef struct workspace {
    uint32_t *keys;    // panels of CK_PANEL slots: (words of head_dim, CK_PANEL)
    uint32_t *values;  // (words of stride, value_stride): a column a number of a value
    float *outputs;    // (CK_QUERIES, value_width)
    float *bias;       // (CK_QUERIES, stride): dt where the query sees the slot, else -inf
    float *scores;     // (CK_QUERIES, stride)
    float *kept;       // (stride): dt of the slots kept after the newest key, else -inf; all keys'
                       // where nothing hides any
    int32_t *heap;     // (stride): the kept slots, the one to give up next first
    int32_t *holds;    // (stride): position of the key in each slot
    size_t stride;     // slots, rounded up to a multiple of CK_PANEL, and a bit
    size_t value_width, steps;
} workspace;

/// Queries [row, row + count) of the sequence and the slots [first, end) that they may see.
typedef struct block {
    size_t row, count, first, end;
    const float *bias[CK_QUERIES];
    size_t counts[CK_QUERIES];  // slots from `first` on that the query may see at most
} block;

_Static_assert(CK_PANEL % 16 == 0, "a few columns of a panel are laid out at once");
_Static_assert(CK_PANEL % 2 == 0, "a panel of bf16 begins with a whole word of values");

static size_t round_up(size_t count, size_t step) { return (count + step - 1) / step * step; }

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

/// The 16 floats keep rows of scores from falling into the same cache sets.
static size_t stride_of(size_t slots) { return round_up(slots + CK_QUERIES, CK_PANEL) + 16; }

size_t ck_attend_scratch(size_t key_count, size_t head_dim) {
    const size_t value_width = round_up(head_dim, 16);
    // A window of fewer keys than the sequence has still needs CK_QUERIES slots more than it keeps.
    return stride_of(key_count + CK_QUERIES) * (head_dim + value_width + 2 * CK_QUERIES + 3) +
           CK_QUERIES * value_width;
}

static workspace lay_out(const ck_sequence *s, size_t slots, float *scratch) {
    workspace w = {
        .stride = stride_of(slots),
        .value_width = round_up(s->head_dim, 16),
        .steps = ck_words(s->format, s->head_dim),
    };
    w.keys = (uint32_t *)scratch;
    w.values = w.keys + s->head_dim * w.stride;
    w.outputs = (float *)(w.values + w.stride * w.value_width);
    w.bias = w.outputs + CK_QUERIES * w.value_width;
    w.scores = w.bias + CK_QUERIES * w.stride;
    w.kept = w.scores + CK_QUERIES * w.stride;
    w.heap = (int32_t *)(w.kept + w.stride);
    w.holds = w.heap + w.stride;
    return w;
}

/// Zeros the slots [0, count): a product with a stale NaN would not vanish under a zero weight.
static void clear_slots(const workspace *w, size_t count) {
    const size_t words = round_up(count, CK_PANEL);
    memset(w->keys, 0, words * w->steps * sizeof(uint32_t));
    memset(w->values, 0, words * w->value_width * sizeof(uint32_t));
}

static void fill_key(const ck_sequence *s, const workspace *w, size_t slot, size_t position) {
    const uint32_t *key = s->keys + position * s->key_stride;
    uint32_t *panel = w->keys + slot / CK_PANEL * w->steps * CK_PANEL + slot % CK_PANEL;
    for (size_t d = 0; d < w->steps; d++) panel[d * CK_PANEL] = key[d];
}

static void fill_value(const ck_sequence *s, const workspace *w, size_t slot, size_t position) {
    const uint32_t *value = s->values + position * s->key_stride;
    if (s->format == CK_F32) {
        memcpy(w->values + slot * w->value_width, value, s->head_dim * sizeof *value);
        return;
    }
    // Two keys share a word, the even one in its lower half.
    const uint32_t shift = slot % 2 * 16, kept = 0xffff0000u >> shift;
    uint32_t *words = w->values + slot / 2 * w->value_width;
    for (size_t d = 0; d < s->head_dim; d++)
        words[d] = (words[d] & kept) | (value[d / 2] >> d % 2 * 16 & 0xffff) << shift;
}

/// Lays out two keys' values at once: what `fill_value` does for an even slot and the next.
static void fill_pair(const ck_sequence *s, const workspace *w, size_t slot) {
    const uint32_t *even = s->values + slot * s->key_stride, *odd = even + s->key_stride;
    uint32_t *words = w->values + slot / 2 * w->value_width;
    for (size_t d = 0; d < w->steps; d++) {
        words[2 * d] = (even[d] & 0xffff) | odd[d] << 16;
        words[2 * d + 1] = even[d] >> 16 | (odd[d] & 0xffff0000u);
    }
}

/// Lays out the keys and values [0, count) in order, a panel's columns a few at a time.
static void fill_in_order(const ck_sequence *s, const workspace *w, size_t count) {
    enum { TILE = 16 };
    for (size_t first = 0; first < count; first += TILE) {
        const size_t tile = least(TILE, count - first);
        const uint32_t *rows = s->keys + first * s->key_stride;
        uint32_t *panel = w->keys + first / CK_PANEL * w->steps * CK_PANEL + first % CK_PANEL;
        for (size_t d = 0; d < w->steps; d++)
            for (size_t j = 0; j < tile; j++)
                panel[d * CK_PANEL + j] = rows[j * s->key_stride + d];
    }
    size_t j = 0;
    if (s->format == CK_BF16)
        for (; j + 2 <= count; j += 2) fill_pair(s, w, j);
    for (; j < count; j++) fill_value(s, w, j, j);
}

/// Scores the block for every head of the group.
static void attend_block(const ck_kernels *kernels, const ck_sequence *s, const workspace *w,
                         const block *b) {
    const size_t values_at = b->first / (s->format == CK_F32 ? 1 : 2) * w->value_width;
    const int whole = s->head_dim == w->value_width;
    float *outputs[CK_QUERIES];
    ck_attend_call call = {
        .format = s->format,
        .keys = w->keys + b->first * w->steps,
        .values = w->values + values_at,
        .bias = b->bias,
        .counts = b->counts,
        .scores = w->scores,
        .outputs = outputs,
        .rows = b->count,
        .query_stride = s->query_stride,
        .value_stride = w->value_width,
        .score_stride = w->stride,
        .key_count = b->end - b->first,
        .head_dim = s->head_dim,
        .value_width = w->value_width,
    };
    for (size_t head = 0; head < s->group; head++) {
        call.queries = s->queries + b->row * s->query_stride + head * s->query_head;
        for (size_t q = 0; q < b->count; q++) {
            float *out = s->outputs + (b->row + q) * s->output_stride + head * s->head_dim;
            outputs[q] = whole ? out : w->outputs + q * w->value_width;
        }
        kernels->attend(&call);
        for (size_t q = 0; q < b->count && !whole; q++)
            memcpy(s->outputs + (b->row + q) * s->output_stride + head * s->head_dim, outputs[q],
                   s->head_dim * sizeof(float));
    }
}

/// Whether the key in slot a is given up before the one in slot b: less dt, or older if equal.
static int goes_before(const workspace *w, int32_t a, int32_t b) {
    const float x = w->kept[a], y = w->kept[b];
    return x < y || (x == y && w->holds[a] < w->holds[b]);
}

static void sift_up(const workspace *w, size_t at) {
    const int32_t slot = w->heap[at];
    for (; at > 0 && goes_before(w, slot, w->heap[(at - 1) / 2]); at = (at - 1) / 2)
        w->heap[at] = w->heap[(at - 1) / 2];
    w->heap[at] = slot;
}

/// Puts `slot` in place of the heap's first.
static void replace_first(const workspace *w, size_t size, int32_t slot) {
    size_t at = 0;
    for (size_t child = 1; child < size; child = 2 * at + 1) {
        if (child + 1 < size && goes_before(w, w->heap[child + 1], w->heap[child])) child++;
        if (!goes_before(w, w->heap[child], slot)) break;
        w->heap[at] = w->heap[child];
        at = child;
    }
    w->heap[at] = slot;
}

/// Marks `slot` as holding `position`; keeps it or the heap's first, and returns the slot that is
/// given up, or -1 while fewer than the window are kept.
static int32_t keep(const ck_sequence *s, const workspace *w, size_t *size, int32_t slot,
                    size_t position) {
    w->kept[slot] = s->dt[position * s->dt_stride];
    w->holds[slot] = (int32_t)position;
    if (*size < s->window) {
        w->heap[*size] = slot;
        sift_up(w, (*size)++);
        return -1;
    }
    int32_t given_up = slot;
    if (goes_before(w, w->heap[0], slot)) {
        given_up = w->heap[0];
        replace_first(w, *size, slot);
    }
    w->kept[given_up] = -INFINITY;
    return given_up;
}

/// The block of queries from `row` on: as many as lie within CK_QUERIES positions.
static block next_block(const ck_sequence *s, size_t row) {
    block b = {.row = row};
    while (b.count < CK_QUERIES && row + b.count < s->query_count &&
           s->positions[row + b.count] < s->positions[row] + CK_QUERIES)
        b.count++;
    return b;
}

/// Keys [begin, end) in order, those within a sliding limit, and how many of them the heap keeps.
typedef struct reach {
    size_t begin, end, size;
} reach;

/// Lets go of the oldest key; where it was kept, the best of those that were not takes its place.
static void drop_oldest(const ck_sequence *s, const workspace *w, reach *r) {
    const size_t oldest = r->begin++;
    const int was_kept = w->kept[oldest] != -INFINITY;
    w->kept[oldest] = -INFINITY;
    if (s->window >= s->sliding || !was_kept) return;
    size_t best = r->end, place = 0;
    for (size_t j = r->begin; j < r->end; j++)
        if (w->kept[j] == -INFINITY &&
            (best == r->end || !(s->dt[j * s->dt_stride] < s->dt[best * s->dt_stride])))
            best = j;
    while (w->heap[place] != (int32_t)oldest) place++;
    // Less than all that are kept, it ends up first.
    w->kept[best] = s->dt[best * s->dt_stride];
    w->heap[place] = (int32_t)best;
    sift_up(w, place);
}

/// Moves the reach on to the keys [begin, position], and writes dt into `kept` of those of them
/// that the query at `position` keeps, -inf elsewhere.
///
/// A query right after the last one costs a key that comes and one that goes; any other chooses
/// anew.
static void move_reach(const ck_sequence *s, const workspace *w, reach *r, size_t begin,
                       size_t position) {
    if (position == r->end) {
        while (r->begin < begin) drop_oldest(s, w, r);
    } else {
        for (size_t j = r->begin; j < r->end; j++) w->kept[j] = -INFINITY;
        *r = (reach){begin, begin, 0};
    }
    for (; r->end <= position; r->end++) {
        if (s->window < s->sliding)
            keep(s, w, &r->size, (int32_t)r->end, r->end);
        else
            w->kept[r->end] = s->dt[r->end * s->dt_stride];
    }
}

/// Every key has its slot for good: nothing is dropped, or a sliding limit brings keys back.
static void attend_in_order(const ck_kernels *kernels, const ck_sequence *s, float *scratch) {
    const workspace w = lay_out(s, s->key_count, scratch);
    const int slides = s->sliding > 0 && s->sliding < s->key_count;
    // The last word of values may have half a number too many.
    if (s->key_count % 2 == 1)
        memset(w.values + s->key_count / 2 * w.value_width, 0, w.value_width * sizeof(uint32_t));
    fill_in_order(s, &w, s->key_count);
    for (size_t j = 0; j < s->key_count; j++)
        w.kept[j] = slides ? -INFINITY : s->dt[j * s->dt_stride];
    reach r = {0, 0, 0};
    for (size_t row = 0; row < s->query_count;) {
        block b = next_block(s, row);
        const size_t oldest = (size_t)s->positions[row];
        const int limited = slides && oldest + 1 > s->sliding;
        b.first = limited ? (oldest + 1 - s->sliding) / CK_PANEL * CK_PANEL : 0;
        b.end = (size_t)s->positions[row + b.count - 1] + 1;
        for (size_t q = 0; q < b.count; q++) {
            const size_t position = (size_t)s->positions[row + q];
            b.counts[q] = position + 1 - b.first;
            b.bias[q] = w.kept + b.first;
            if (!slides) continue;  // every query sees all keys up to its own
            move_reach(s, &w, &r, position + 1 > s->sliding ? position + 1 - s->sliding : 0,
                       position);
            float *bias = w.bias + q * w.stride + b.first;
            memcpy(bias, w.kept + b.first, b.counts[q] * sizeof *bias);
            b.bias[q] = bias;
        }
        attend_block(kernels, s, &w, &b);
        row += b.count;
    }
}

/// The kept keys live in slots that are used again; see the head of this file.
static void attend_in_slots(const ck_kernels *kernels, const ck_sequence *s, float *scratch) {
    const size_t slots = s->window + CK_QUERIES;
    const workspace w = lay_out(s, slots, scratch);
    int32_t free_slots[2 * CK_QUERIES];
    size_t free_count = 0, size = 0, position = 0;
    clear_slots(&w, slots);
    for (size_t j = 0; j < w.stride; j++) w.kept[j] = -INFINITY;
    for (size_t row = 0; row < s->query_count;) {
        block b = next_block(s, row);
        size_t ready = free_count;  // slots that no query of this block has read
        for (size_t q = 0; q < b.count; q++) {
            for (; position <= (size_t)s->positions[row + q]; position++) {
                if (q == 0) ready = free_count;
                const int fresh = position < slots;
                const int32_t slot = fresh ? (int32_t)position : free_slots[--ready];
                if (!fresh) free_slots[ready] = free_slots[--free_count];
                fill_key(s, &w, (size_t)slot, position);
                fill_value(s, &w, (size_t)slot, position);
                const int32_t given_up = keep(s, &w, &size, slot, position);
                if (given_up >= 0) free_slots[free_count++] = given_up;
            }
            memcpy(w.bias + q * w.stride, w.kept, slots * sizeof(float));
            b.bias[q] = w.bias + q * w.stride;
        }
        b.end = least(position, slots);
        for (size_t q = 0; q < b.count; q++) b.counts[q] = b.end;
        attend_block(kernels, s, &w, &b);
        row += b.count;
    }
}

void ck_attend_sequence(const ck_kernels *kernels, const ck_sequence *s, float *scratch) {
    const int sliding_rules = s->sliding > 0 && s->sliding < s->key_count;
    if (s->key_count <= s->window || sliding_rules)
        attend_in_order(kernels, s, scratch);
    else
        attend_in_slots(kernels, s, scratch);
}
