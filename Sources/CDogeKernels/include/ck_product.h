// Matrix products: rows times a packed matrix, and what becomes of the result on its way out.
//
// A word is 32 bits: one f32, two bf16 or four int8 that stand side by side in a row. Sums run over
// the words of a row in their order, so that a result's bits depend on nothing but its row and its
// column: not on the number of rows, not on which thread computes which columns.
#pragma once
#include "ck_activation.h"
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// Columns of a panel. Rows of floats are padded with zeros to a multiple of it.
#define CK_PANEL 64

/// How the numbers of a product are kept.
typedef enum ck_format {
    CK_F32,
    CK_BF16,
    CK_INT8,  // matrices: one scale a column; rows: one scale a row, and 128 added
} ck_format;

/// Rows as products read them.
typedef struct ck_operand {
    ck_format format;
    uint32_t *words;            // (rows, stride)
    float *_Nullable scales;    // (rows): of int8
    size_t stride;              // words from row to row: of a width rounded up to CK_PANEL
} ck_operand;

/// Words of a row of `width` numbers, as a product reads them.
size_t ck_words(ck_format format, size_t width);
/// Words from row to row of an operand of `width` numbers.
size_t ck_stride(ck_format format, size_t width);

/// A matrix (outputs, inputs) in panels.
typedef struct ck_matrix {
    ck_format format;
    const uint32_t *panels;            // (panel_count, steps, CK_PANEL)
    size_t steps;                      // words of a row of inputs
    size_t panel_count;
    const float *_Nullable scales;     // (panel_count * CK_PANEL): of int8
    const int32_t *_Nullable offsets;  // (panel_count * CK_PANEL): -128 * sum of a column's int8,
                                       // modulo 2^32
    const float *_Nullable bias;       // (panel_count * CK_PANEL)
} ck_matrix;

/// What becomes of a product.
typedef enum ck_finish {
    CK_STORE,     // out = product
    CK_RESIDUAL,  // out = residual * out + product
    CK_GATE,      // gated = act(gate) * up, of a matrix packed by `ck_pack_gate`
} ck_finish;

/// Rows times the panels [first, end) of a matrix.
typedef struct ck_product {
    const ck_matrix *matrix;
    ck_operand x;                     // (rows, inputs), of the matrix' format
    size_t rows, first, end;
    ck_finish finish;
    float *_Nullable out;             // (rows, out_stride): all columns, padding as well
    size_t out_stride;
    const float *_Nullable residual;  // (panel_count * CK_PANEL)
    ck_operand gated;                 // f32 or bf16
    ck_activation activation;
} ck_product;

/// Packs the columns of one panel from rows of weights, `inputs` floats each.
///
/// `rows`: CK_PANEL of them, null where the panel has only padding. `scales` and `offsets`
/// (CK_PANEL) are written for int8. `panel`: (ck_words(format, inputs), CK_PANEL).
void ck_pack(ck_format format, const float *_Nullable const *_Nonnull rows, size_t inputs,
             uint32_t *panel, float *_Nullable scales, int32_t *_Nullable offsets);

/// Which weight stands in a column of a panel with gates and what they act on: of every 32 columns
/// the first 16 are gates, the others their partners. Returns the unit; `is_up`: a partner's.
size_t ck_gate_unit(size_t column, int *is_up);

#pragma clang assume_nonnull end
