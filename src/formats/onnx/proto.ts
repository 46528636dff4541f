// ONNX's messages (onnx.proto3, through the package onnx-proto) and its numbers of element types.
import onnxProto from 'onnx-proto';
import type { DType } from '../../base/tensor.ts';

export const { onnx } = onnxProto;

/** TensorProto.DataType. */
export const onnxDType: Readonly<Record<DType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
  bfloat16: 16,
};
