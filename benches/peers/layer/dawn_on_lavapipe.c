// A Vulkan layer that lets Dawn take a software adapter.
//
// Dawn (ONNX Runtime's WebGPU provider, TensorFlow.js in Node) asks of a Vulkan adapter that shaders may index arrays of images dynamically, which
// lavapipe of Mesa 22.3 does not tell. Compute kernels over buffers never do it. So the layer reports the two features, and takes them out again
// where a device is made: the driver sees what it would have seen. It is put before the peers on Dawn only, and only on software adapters.
//
// The loader finds it by VK_LAYER_PATH and VK_INSTANCE_LAYERS; one instance at a time is enough here.

#include <string.h>

#include <vulkan/vulkan.h>
#include <vulkan/vk_layer.h>

static PFN_vkGetInstanceProcAddr next_instance_address;
static PFN_vkGetDeviceProcAddr next_device_address;
static PFN_vkGetPhysicalDeviceFeatures next_features;
static PFN_vkGetPhysicalDeviceFeatures2 next_features2;
static PFN_vkCreateDevice next_create_device;

static void set(VkPhysicalDeviceFeatures *features, VkBool32 value) {
    features->shaderSampledImageArrayDynamicIndexing = value;
    features->shaderStorageImageArrayDynamicIndexing = value;
}

static VKAPI_ATTR void VKAPI_CALL features(VkPhysicalDevice physical, VkPhysicalDeviceFeatures *answer) {
    next_features(physical, answer);
    set(answer, VK_TRUE);
}

static VKAPI_ATTR void VKAPI_CALL features2(VkPhysicalDevice physical, VkPhysicalDeviceFeatures2 *answer) {
    next_features2(physical, answer);
    set(&answer->features, VK_TRUE);
}

static VKAPI_ATTR VkResult VKAPI_CALL create_device(VkPhysicalDevice physical, const VkDeviceCreateInfo *info,
                                                    const VkAllocationCallbacks *allocator, VkDevice *device) {
    VkLayerDeviceCreateInfo *link = (VkLayerDeviceCreateInfo *)info->pNext;
    while (link && !(link->sType == VK_STRUCTURE_TYPE_LOADER_DEVICE_CREATE_INFO && link->function == VK_LAYER_LINK_INFO))
        link = (VkLayerDeviceCreateInfo *)link->pNext;
    if (!link) return VK_ERROR_INITIALIZATION_FAILED;
    next_device_address = link->u.pLayerInfo->pfnNextGetDeviceProcAddr;
    link->u.pLayerInfo = link->u.pLayerInfo->pNext;
    if (info->pEnabledFeatures) set((VkPhysicalDeviceFeatures *)info->pEnabledFeatures, VK_FALSE);
    for (VkBaseOutStructure *next = (VkBaseOutStructure *)info->pNext; next; next = next->pNext)
        if (next->sType == VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2)
            set(&((VkPhysicalDeviceFeatures2 *)next)->features, VK_FALSE);
    return next_create_device(physical, info, allocator, device);
}

static VKAPI_ATTR VkResult VKAPI_CALL create_instance(const VkInstanceCreateInfo *info, const VkAllocationCallbacks *allocator,
                                                      VkInstance *instance) {
    VkLayerInstanceCreateInfo *link = (VkLayerInstanceCreateInfo *)info->pNext;
    while (link && !(link->sType == VK_STRUCTURE_TYPE_LOADER_INSTANCE_CREATE_INFO && link->function == VK_LAYER_LINK_INFO))
        link = (VkLayerInstanceCreateInfo *)link->pNext;
    if (!link) return VK_ERROR_INITIALIZATION_FAILED;
    next_instance_address = link->u.pLayerInfo->pfnNextGetInstanceProcAddr;
    link->u.pLayerInfo = link->u.pLayerInfo->pNext;
    PFN_vkCreateInstance next = (PFN_vkCreateInstance)next_instance_address(NULL, "vkCreateInstance");
    VkResult result = next(info, allocator, instance);
    if (result != VK_SUCCESS) return result;
    next_features = (PFN_vkGetPhysicalDeviceFeatures)next_instance_address(*instance, "vkGetPhysicalDeviceFeatures");
    next_features2 = (PFN_vkGetPhysicalDeviceFeatures2)next_instance_address(*instance, "vkGetPhysicalDeviceFeatures2");
    if (!next_features2)
        next_features2 = (PFN_vkGetPhysicalDeviceFeatures2)next_instance_address(*instance, "vkGetPhysicalDeviceFeatures2KHR");
    next_create_device = (PFN_vkCreateDevice)next_instance_address(*instance, "vkCreateDevice");
    return result;
}

__attribute__((visibility("default"))) VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL device_address(VkDevice device, const char *name) {
    if (!strcmp(name, "vkGetDeviceProcAddr")) return (PFN_vkVoidFunction)device_address;
    return next_device_address ? next_device_address(device, name) : NULL;
}

__attribute__((visibility("default"))) VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL instance_address(VkInstance instance, const char *name) {
    if (!strcmp(name, "vkCreateInstance")) return (PFN_vkVoidFunction)create_instance;
    if (!strcmp(name, "vkCreateDevice")) return (PFN_vkVoidFunction)create_device;
    if (!strcmp(name, "vkGetPhysicalDeviceFeatures")) return (PFN_vkVoidFunction)features;
    if (!strcmp(name, "vkGetPhysicalDeviceFeatures2") || !strcmp(name, "vkGetPhysicalDeviceFeatures2KHR"))
        return (PFN_vkVoidFunction)features2;
    if (!strcmp(name, "vkGetDeviceProcAddr")) return (PFN_vkVoidFunction)device_address;
    if (!strcmp(name, "vkGetInstanceProcAddr")) return (PFN_vkVoidFunction)instance_address;
    return next_instance_address ? next_instance_address(instance, name) : NULL;
}
