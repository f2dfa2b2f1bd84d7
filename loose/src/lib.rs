//! A Vulkan layer under which arithmetic is as loose as WGSL allows, whatever the driver beneath it does: [`rewrite`] says how. Software adapters round every sum
//! and quotient as IEEE 754 has it, and keep infinities and NaN; GPUs do not, and what leans on it fails there and nowhere else.
//!
//! The loader finds the layer by its manifest (`cargo xtask soak loose` writes one) and `VK_INSTANCE_LAYERS=VK_LAYER_PLUNGE_loose`. Each module's number of
//! instructions that were rewritten is appended, a line, to the file that `PLUNGE_LOOSE` names: a layer that was not loaded has none.
#![allow(unsafe_code, reason = "a layer is called by the loader, with pointers and by C's rules")]

pub mod rewrite;

use std::{
    collections::HashMap,
    ffi::{CStr, c_char, c_void},
    fs::OpenOptions,
    io::Write as _,
    sync::{Mutex, MutexGuard, PoisonError},
};

use ash::vk::{self, Handle as _};

/// What the loader hands down the chain of layers, for an instance and for a device: `vk_layer.h`, which is no part of Vulkan's registry and so not of ash.
#[repr(C)]
struct Link {
    next: *mut Link,
    instance_address: vk::PFN_vkGetInstanceProcAddr,
    /// For a device its own; for an instance another, that need not be there.
    device_address: Option<vk::PFN_vkGetDeviceProcAddr>,
}

#[repr(C)]
struct LinkInfo {
    kind: vk::StructureType,
    next: *const c_void,
    function: i32,
    link: *mut Link,
}

/// An instance and the next layer's function that finds others, by the table that each handle begins with: all handles of an instance, physical devices too, share
/// the instance's, and those of a device the device's.
static INSTANCES: Mutex<Option<HashMap<usize, (vk::Instance, vk::PFN_vkGetInstanceProcAddr)>>> = Mutex::new(None);
static DEVICES: Mutex<Option<HashMap<usize, vk::PFN_vkGetDeviceProcAddr>>> = Mutex::new(None);

fn held<T>(table: &Mutex<T>) -> MutexGuard<'_, T> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}

/// # Safety
/// A handle that the loader made.
unsafe fn key(handle: u64) -> usize {
    unsafe { *(handle as *const usize) }
}

/// The structure of this kind in the chain behind `next` that `is` the one.
///
/// # Safety
/// A `pNext`, and `T` is what its kind says.
unsafe fn find<T>(next: *const c_void, kind: vk::StructureType, is: impl Fn(&T) -> bool) -> Option<*mut T> {
    let mut next = next.cast::<vk::BaseInStructure<'_>>();
    while !next.is_null() {
        unsafe {
            if (*next).s_type == kind && is(&*next.cast::<T>()) {
                return Some(next.cast_mut().cast());
            }
            next = (*next).p_next;
        }
    }
    None
}

/// The link for this layer in the chain behind `next`, taken out of it.
///
/// # Safety
/// The `pNext` of what the loader passes to a layer.
unsafe fn take_link(next: *const c_void, kind: vk::StructureType) -> Option<Link> {
    unsafe {
        // 0 is VK_LAYER_LINK_INFO.
        let info = find::<LinkInfo>(next, kind, |info| info.function == 0)?;
        let link = std::ptr::read((*info).link);
        (*info).link = link.next;
        Some(link)
    }
}

/// Lets modules use f64, by which sums are fused.
///
/// # Safety
/// What a device is to be made by.
unsafe fn allow_wide(info: &vk::DeviceCreateInfo<'_>) {
    unsafe {
        if let Some(features) = info.p_enabled_features.cast_mut().as_mut() {
            features.shader_float64 = vk::TRUE;
        }
        let kind = vk::StructureType::PHYSICAL_DEVICE_FEATURES_2;
        if let Some(features) = find::<vk::PhysicalDeviceFeatures2<'_>>(info.p_next, kind, |_| true) {
            (*features).features.shader_float64 = vk::TRUE;
        }
    }
}

/// A function of the next layer as what it is.
///
/// # Safety
/// `F` is the type of the function that was asked for.
unsafe fn typed<F: Copy>(function: vk::PFN_vkVoidFunction) -> Option<F> {
    // Both are a pointer to a function.
    function.map(|function| unsafe { std::mem::transmute_copy(&function) })
}

unsafe extern "system" fn create_instance(
    info: *const vk::InstanceCreateInfo<'_>,
    allocator: *const vk::AllocationCallbacks<'_>,
    instance: *mut vk::Instance,
) -> vk::Result {
    unsafe {
        let Some(Link { instance_address: address, .. }) =
            take_link((*info).p_next, vk::StructureType::LOADER_INSTANCE_CREATE_INFO)
        else {
            return vk::Result::ERROR_INITIALIZATION_FAILED;
        };
        let Some(next) = typed::<vk::PFN_vkCreateInstance>(address(vk::Instance::null(), c"vkCreateInstance".as_ptr())) else {
            return vk::Result::ERROR_INITIALIZATION_FAILED;
        };
        let result = next(info, allocator, instance);
        if result == vk::Result::SUCCESS {
            held(&INSTANCES).get_or_insert_default().insert(key((*instance).as_raw()), (*instance, address));
        }
        result
    }
}

unsafe extern "system" fn create_device(
    physical: vk::PhysicalDevice,
    info: *const vk::DeviceCreateInfo<'_>,
    allocator: *const vk::AllocationCallbacks<'_>,
    device: *mut vk::Device,
) -> vk::Result {
    unsafe {
        let link = take_link((*info).p_next, vk::StructureType::LOADER_DEVICE_CREATE_INFO);
        let own = held(&INSTANCES).as_ref().and_then(|all| all.get(&key(physical.as_raw())).copied());
        let (Some(Link { instance_address, device_address: Some(address), .. }), Some((instance, _))) = (link, own) else {
            return vk::Result::ERROR_INITIALIZATION_FAILED;
        };
        let Some(next) = typed::<vk::PFN_vkCreateDevice>(instance_address(instance, c"vkCreateDevice".as_ptr())) else {
            return vk::Result::ERROR_INITIALIZATION_FAILED;
        };
        allow_wide(&*info);
        let result = next(physical, info, allocator, device);
        if result == vk::Result::SUCCESS {
            held(&DEVICES).get_or_insert_default().insert(key((*device).as_raw()), address);
        }
        result
    }
}

unsafe extern "system" fn create_shader_module(
    device: vk::Device,
    info: *const vk::ShaderModuleCreateInfo<'_>,
    allocator: *const vk::AllocationCallbacks<'_>,
    module: *mut vk::ShaderModule,
) -> vk::Result {
    unsafe {
        let address = held(&DEVICES).as_ref().and_then(|all| all.get(&key(device.as_raw())).copied());
        let next = address
            .and_then(|address| typed::<vk::PFN_vkCreateShaderModule>(address(device, c"vkCreateShaderModule".as_ptr())));
        let Some(next) = next else { return vk::Result::ERROR_INITIALIZATION_FAILED };
        let info = *info;
        let words = std::slice::from_raw_parts(info.p_code, info.code_size / 4);
        let Ok(loose) = rewrite::loosened(words) else { return vk::Result::ERROR_INVALID_SHADER_NV };
        note(loose.rewritten);
        next(device, &info.code(&loose.words), allocator, module)
    }
}

/// Appends a module's number to the file of numbers, in one piece.
fn note(rewritten: usize) {
    let Some(path) = std::env::var_os("PLUNGE_LOOSE") else { return };
    if let Ok(mut file) = OpenOptions::new().create(true).append(true).open(path) {
        // A number that cannot be noted is one that the routine will miss.
        drop(file.write_all(format!("{rewritten}\n").as_bytes()));
    }
}

/// `vkGetInstanceProcAddr` of the layer.
///
/// # Safety
/// As in Vulkan.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn plunge_loose_instance_address(
    instance: vk::Instance,
    name: *const c_char,
) -> vk::PFN_vkVoidFunction {
    unsafe {
        match CStr::from_ptr(name).to_bytes() {
            b"vkGetInstanceProcAddr" => void(plunge_loose_instance_address as *const ()),
            b"vkCreateInstance" => void(create_instance as *const ()),
            b"vkCreateDevice" => void(create_device as *const ()),
            b"vkGetDeviceProcAddr" => void(plunge_loose_device_address as *const ()),
            b"vkCreateShaderModule" => void(create_shader_module as *const ()),
            _ if instance == vk::Instance::null() => None,
            _ => {
                let next = held(&INSTANCES).as_ref().and_then(|all| all.get(&key(instance.as_raw())).copied());
                next.and_then(|(_, next)| next(instance, name))
            }
        }
    }
}

/// `vkGetDeviceProcAddr` of the layer.
///
/// # Safety
/// As in Vulkan.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn plunge_loose_device_address(device: vk::Device, name: *const c_char) -> vk::PFN_vkVoidFunction {
    unsafe {
        match CStr::from_ptr(name).to_bytes() {
            b"vkGetDeviceProcAddr" => void(plunge_loose_device_address as *const ()),
            b"vkCreateShaderModule" => void(create_shader_module as *const ()),
            _ => {
                let next = held(&DEVICES).as_ref().and_then(|all| all.get(&key(device.as_raw())).copied());
                next.and_then(|next| next(device, name))
            }
        }
    }
}

/// # Safety
/// A function's address.
unsafe fn void(function: *const ()) -> vk::PFN_vkVoidFunction {
    unsafe { std::mem::transmute(function) }
}
