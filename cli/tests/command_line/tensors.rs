//! Safetensors files, written and read here apart from the code under test.

/// A file with any header.
pub(crate) fn with_header(header: &str, data: &[u8]) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), data].concat()
}

/// A file of tensors: name, type, sizes and data.
pub(crate) fn file(tensors: &[(&str, &str, &[usize], &[u8])]) -> Vec<u8> {
    let (mut entries, mut data) = (Vec::new(), Vec::new());
    for (name, dtype, sizes, bytes) in tensors {
        let begin = data.len();
        data.extend_from_slice(bytes);
        let end = data.len();
        entries.push(format!(r#""{name}":{{"dtype":"{dtype}","shape":{sizes:?},"data_offsets":[{begin},{end}]}}"#));
    }
    with_header(&format!("{{{}}}", entries.join(",")), &data)
}

/// The data of a tensor, which must have this type and these sizes.
pub(crate) fn read(file: &[u8], name: &str, dtype: safetensors::Dtype, sizes: &[usize]) -> Vec<u8> {
    let tensors = safetensors::SafeTensors::deserialize(file).unwrap();
    let tensor = tensors.tensor(name).unwrap();
    assert_eq!((tensor.dtype(), tensor.shape()), (dtype, sizes));
    tensor.data().to_vec()
}
