#include "CDogeKernels.h"
