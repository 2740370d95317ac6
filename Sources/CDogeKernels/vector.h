// The vector kernels, written once for any width: the including file sets CK_WIDTH (floats), the
// name of the table and, by a pragma, the instruction set.
#include "lanes.h"
#include "activations.h"
#include "rows.h"
#include "sampling.h"
#include "products.h"
#include "attend.h"
#include "experts.h"

const ck_kernels CK_TABLE = {
    .multiply = multiply,
    .norm = norm,
    .convert = convert,
    .rotate_heads = rotate_heads,
    .dynamic_mask = dynamic_mask,
    .attend = attend,
    .attend_rows = attend_rows,
    .log_sum_exp = log_sum_exp,
    .best = best,
    .matvec = matvec,
    .choose_experts = choose_experts,
    .weigh_experts = weigh_experts,
    .sum_experts = sum_experts,
    .merge_experts = merge_experts,
    .spin = spin,
    .sampling = &sampling,
};
